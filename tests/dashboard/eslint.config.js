// What no module of the dashboard does. Names are tsc's business, which knows them.
import js from '@eslint/js';

const TEXT_ALONE = 'names come from strangers: make elements, and text as text (dom.js)';
const BY_OBJECT_MODEL = 'the policy forbids style attributes: el.style.setProperty(name, value)';

const forbidden = [
  ...['innerHTML', 'outerHTML', 'srcdoc'].map((name) => ({
    selector: `MemberExpression[property.name='${name}']`,
    message: TEXT_ALONE,
  })),
  ...['insertAdjacentHTML', 'setHTMLUnsafe', 'createContextualFragment', 'parseFromString', 'write', 'writeln'].map((name) => ({
    selector: `CallExpression > MemberExpression.callee[property.name='${name}']`,
    message: TEXT_ALONE,
  })),
  {
    selector: "CallExpression[callee.property.name='setAttribute'] > Literal.arguments:first-child[value=/^style$/i]",
    message: BY_OBJECT_MODEL,
  },
  {
    selector: 'CallExpression[callee.name=/^set(Timeout|Interval)$/] > Literal.arguments:first-child',
    message: 'text is no program: hand over a function',
  },
  { selector: "MemberExpression[property.name='cssText']", message: BY_OBJECT_MODEL },
  {
    selector: 'TemplateElement[value.raw=/\\n/]',
    message: 'no text goes over several lines: modules are served without their indentation',
  },
  { selector: 'Literal[raw=/\\\\\\n/]', message: 'no text goes over several lines' },
];

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { ecmaVersion: 2023, sourceType: 'module' },
    rules: {
      'no-undef': 'off',
      // Names of pages may hold any of them.
      'no-control-regex': 'off',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...forbidden],
      'max-lines': ['error', 250],
    },
  },
];
