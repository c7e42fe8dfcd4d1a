const NO_CODE = /(\/\*[^]*?\*\/|\/\/[^\r\n]*|`(?:\\[^]|[^`\\])*`)|'(?:\\.|[^'\\\r\n])*'|"(?:\\.|[^"\\\r\n])*"/g;

/**
 * The content with blanks in place of comments and templates, which may name modules and imports. Places stay.
 *
 * @param withStrings whether strings stay; if not, they are blanked too
 */
export function codeOf(content: string, withStrings = true): string {
  return content.replace(NO_CODE, (text, noCode?: string) =>
    noCode === undefined && withStrings ? text : text.replace(/\S/g, ' '),
  );
}
