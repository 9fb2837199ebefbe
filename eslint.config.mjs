import path from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const root = path.dirname(fileURLToPath(import.meta.url));

export default tseslint.config(
  {
    ignores: ['dist/', 'out/', '.sandbox/', 'test/fixtures/', 'node_modules/', '**/*.mjs', '**/*.cjs', 'media/'],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: root } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  // What runs in a browser knows other globals, and a service worker others again.
  {
    files: ['src/gateway/browser/**/*.ts'],
    ignores: ['src/gateway/browser/shellPage.ts'],
    languageOptions: { parserOptions: { project: './src/gateway/browser/tsconfig.json', tsconfigRootDir: root } },
  },
  {
    files: ['src/gateway/browser/worker.ts'],
    languageOptions: {
      parserOptions: { project: './src/gateway/browser/tsconfig.worker.json', tsconfigRootDir: root },
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/no-unused-expressions': 'off' },
  },
);
