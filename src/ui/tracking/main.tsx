import { render } from 'preact';
import { localFormat } from './local-format.js';
import { PageContext } from './page-context.js';
import { pageSettings } from './page-settings.js';
import { loadTexts } from './texts.js';
import { TrackingPage } from './tracking-page.js';

const root = document.getElementById('app');
if (root) {
  const settings = pageSettings();
  const { light, dark } = settings.brand.colors;
  // Through the style object, which the content security policy allows: there is no style in the HTML.
  const { style } = document.documentElement;
  style.setProperty('--brand-light', light.accent);
  style.setProperty('--on-brand-light', light.onAccent);
  style.setProperty('--brand-dark', dark.accent);
  style.setProperty('--on-brand-dark', dark.onAccent);
  const say = await loadTexts(settings.language);
  render(
    <PageContext.Provider value={{ settings, say, format: localFormat(settings.language) }}>
      <TrackingPage />
    </PageContext.Provider>,
    root,
  );
}
