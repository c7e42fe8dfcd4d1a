/** The style of the shop's page. */
export const SHOP_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#f6f3ef, #14110f); color: light-dark(#221c17, #f1ebe4); }
main {
  box-sizing: border-box; width: min(30rem, 100% - 2rem); margin: 8vh auto; padding: 2rem; border-radius: 16px;
  background: light-dark(#fff, #1e1a17); box-shadow: 0 8px 40px rgb(0 0 0 / 10%);
}
h1 { margin: 0 0 1rem; font-size: 1.5rem; }
.dish { display: flex; justify-content: space-between; padding-bottom: 1rem; border-bottom: 1px solid #8884; }
form { display: grid; gap: 1rem; }
label { display: grid; gap: 0.25rem; font-size: 0.9rem; font-weight: 600; }
input, select, button, .button { font: inherit; padding: 0.6rem 0.8rem; border-radius: 8px; border: 1px solid #8886; }
label > * { font-weight: 400; background: light-dark(#fff, #14110f); color: inherit; }
button, .button {
  display: inline-block; border: 0; background: #b3400f; color: #fff; font-weight: 600; text-decoration: none;
  cursor: pointer;
}
a { color: light-dark(#9a3412, #fdba74); }
a.button { color: #fff; }
.problem { margin: 0; padding: 0.6rem 0.8rem; border-radius: 8px; background: light-dark(#fdeae8, #411a17); }
`;
