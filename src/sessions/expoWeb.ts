import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readPackageJson } from './packageJson';

/** SDKs that want `@expo/metro-runtime` for the web beside the rest; from 54 on `expo` brings what is needed of it. */
const FIRST_WITH_RUNTIME = 50;
const LAST_WITH_RUNTIME = 53;

/**
 * Whether the Metro of the Expo app in this folder serves a web build too, by what Expo's own check for the web asks
 * (`WebSupportProjectPrerequisite` of @expo/cli 0.10 to 58): the app's `package.json` must name each package that it takes,
 * and its `app.json` must not leave the web out. An app whose web build is webpack's has none there: that is served on another
 * port. A missing or broken `package.json` is no web build.
 */
export async function hasWebBuild(folder: string): Promise<boolean> {
  const dependencies = (await readPackageJson(folder)).packageJson?.dependencies;
  if (dependencies === undefined) return false;
  const has = (name: string) => dependencies.has(name);
  if (!has('react-native-web') || !has('react-dom') || has('@expo/webpack-config')) return false;
  const sdk = Number(/\d+/.exec(dependencies.get('expo') ?? '')?.[0] ?? NaN);
  const wantsRuntime = sdk >= FIRST_WITH_RUNTIME && sdk <= LAST_WITH_RUNTIME;
  // Expo Router brings the run time along.
  if (wantsRuntime && !has('@expo/metro-runtime') && !has('expo-router')) return false;
  return !(await isWebLeftOut(folder));
}

/** Whether `platforms` in the app's `app.json` names others than the web. What a program configures is not looked into. */
async function isWebLeftOut(folder: string): Promise<boolean> {
  try {
    const text = await readFile(path.join(folder, 'app.json'), 'utf8');
    const { expo } = JSON.parse(text) as { readonly expo?: { readonly platforms?: unknown } };
    const platforms = expo?.platforms;
    return Array.isArray(platforms) && platforms.length > 0 && !platforms.includes('web');
  } catch {
    return false; // No app.json, or one that Expo will complain about itself: nothing is left out by it.
  }
}
