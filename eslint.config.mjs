// House rules as lint: what design.md and docs/decisions say about code is checked here, not remembered.
import tseslint from 'typescript-eslint';

const impure = [
  { name: 'Date', message: 'No clock in pure code: take the time as an argument.' },
  { name: 'fetch', message: 'No I/O in pure code.' },
  { name: 'setTimeout', message: 'No timers in pure code.' },
  { name: 'setInterval', message: 'No timers in pure code.' },
  { name: 'process', message: 'No environment in pure code: take the value as an argument.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'node_modules/', 'coverage/', 'fixtures/'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Interfaces here are written with method syntax and made of closures: there is no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // Foreign JSON is read field by field; what is no text there shows as such in a message.
      '@typescript-eslint/no-base-to-string': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/domain/**/*.ts', 'src/schedulers/*/model/**/*.ts', 'src/workers/*/plan.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impure],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'No chance in pure code.' },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/*.contract.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      'max-lines': 'off',
    },
  },
);
