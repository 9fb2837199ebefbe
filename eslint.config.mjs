import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = path.dirname(fileURLToPath(import.meta.url));

export default defineConfig(
  {
    ignores: ['dist/', 'out/', '.sandbox/', 'test/fixtures/', 'node_modules/', '**/*.cjs', 'media/'],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    files: ['**/*.{ts,mjs}'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: root } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A number and nothing say what they are in a text; an object would say [object Object].
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true, allowRegExp: true },
      ],
      // `return say('…')` leaves a function, and whoever reads it, where it ends.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `if (!known || known.id !== id)` is read from left to right.
      '@typescript-eslint/prefer-optional-chain': 'off',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      // An empty text is as good as none.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true, boolean: true }, ignoreMixedLogicalExpressions: true },
      ],
      // A signal is aborted, a variable changed by a callback, while somebody awaits; an old editor or browser lacks what the types promise.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off',
      // Headers and environments are dictionaries.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // The editor asks of its own classes no more than their shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Its opposite is banned by no-non-null-assertion.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // What is loaded or kept is known to who asks for it.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Columns of an editor are numbers.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  // Scripts take what other programs print as they find it, and have types only in comments.
  {
    files: ['**/*.mjs'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
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
    files: ['{test,bench}/**/*.{ts,mjs}', '*.mjs'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      // Fakes that do nothing, and arrows that count.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
    },
  },
);
