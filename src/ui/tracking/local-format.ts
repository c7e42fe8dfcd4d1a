/** Writes times and distances as the visitor's region does, in the language of the page. */
export interface LocalFormat {
  /** A time of day in the visitor's zone, with the date if it is not today. `at` is ISO 8601. */
  readonly time: (at: string) => string;
  /** A date with the time. */
  readonly dateTime: (at: string) => string;
  readonly distance: (metres: number) => string;
  readonly number: (value: number) => string;
}

/**
 * @param language of the page
 * @param wished the visitor's languages, the preferred one first
 */
export function localFormat(language: string, wished: readonly string[] = navigator.languages): LocalFormat {
  const usable = wished.filter(isLocale);
  const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? '';
  // `en` alone would write dates as in the United States.
  const locale = usable.find((tag) => base(tag) === base(language)) ?? (language === 'ar' ? 'ar-SA' : language);
  const [preferred = locale] = usable;
  // 12 or 24 hours as the visitor's region has it, whatever the language of the page.
  const { hour12 = false } = new Intl.DateTimeFormat(preferred, { hour: 'numeric' }).resolvedOptions();
  const common: Intl.DateTimeFormatOptions = { hour12, calendar: 'gregory' };
  const clock = new Intl.DateTimeFormat(locale, { ...common, hour: 'numeric', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(locale, {
    ...common,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
  });
  const dateTime = (at: string): string => written(day, at);
  return {
    dateTime,
    time: (at) => (isToday(at) ? written(clock, at) : dateTime(at)),
    distance: (metres) => {
      const unit = metres < 950 ? 'meter' : 'kilometer';
      const value = metres < 950 ? Math.max(10, Math.round(metres / 50) * 50) : metres / 1000;
      return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
    },
    number: (value) => new Intl.NumberFormat(locale).format(value),
  };
}

/** Some systems name a locale as no standard does, such as `en-US@posix`. */
function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

function written(format: Intl.DateTimeFormat, at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.valueOf()) ? '' : format.format(date);
}

function isToday(at: string): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}
