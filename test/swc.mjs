/**
 * How tests compile TypeScript: Jest's, and the processes of chaos.
 *
 * @type {import('@swc/core').Options}
 */
export const SWC = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
};
