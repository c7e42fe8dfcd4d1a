import type { PageLanguage } from './page-language.js';

/** What a preview of a link shows, for example in a chat. It names nobody. `{brand}` is the host's name. */
export interface PreviewText {
  readonly title: string;
  readonly description: string;
  /** For a browser without JavaScript. */
  readonly noScript: string;
}

const TEXTS: Readonly<Record<PageLanguage, PreviewText>> = {
  en: {
    title: 'Your delivery from {brand}',
    description: 'See where your delivery is, and what has happened so far.',
    noScript: 'This page needs JavaScript.',
  },
  ar: {
    title: 'طلبك من {brand}',
    description: 'تابع مكان طلبك وما حدث له حتى الآن.',
    noScript: 'تحتاج هذه الصفحة إلى JavaScript.',
  },
  'es-MX': {
    title: 'Tu entrega de {brand}',
    description: 'Mira dónde está tu entrega y qué ha pasado hasta ahora.',
    noScript: 'Esta página necesita JavaScript.',
  },
  id: {
    title: 'Kiriman Anda dari {brand}',
    description: 'Lihat posisi kiriman Anda dan perjalanannya sejauh ini.',
    noScript: 'Halaman ini memerlukan JavaScript.',
  },
  ja: {
    title: '{brand} からのお届け',
    description: 'お届けの現在地とこれまでの経過をご覧いただけます。',
    noScript: 'このページには JavaScript が必要です。',
  },
  ms: {
    title: 'Penghantaran anda daripada {brand}',
    description: 'Lihat lokasi penghantaran anda dan perkembangannya setakat ini.',
    noScript: 'Halaman ini memerlukan JavaScript.',
  },
  'pt-BR': {
    title: 'Sua entrega de {brand}',
    description: 'Veja onde está sua entrega e o que já aconteceu.',
    noScript: 'Esta página precisa de JavaScript.',
  },
  th: {
    title: 'การจัดส่งของคุณจาก {brand}',
    description: 'ดูว่าพัสดุของคุณอยู่ที่ไหนและมีอะไรเกิดขึ้นแล้วบ้าง',
    noScript: 'หน้านี้ต้องใช้ JavaScript',
  },
  vi: {
    title: 'Đơn giao hàng của bạn từ {brand}',
    description: 'Xem đơn hàng đang ở đâu và những gì đã diễn ra.',
    noScript: 'Trang này cần JavaScript.',
  },
  'zh-HK': {
    title: '{brand} 的送貨',
    description: '查看你的貨件位置及送貨進度。',
    noScript: '此頁面需要 JavaScript。',
  },
  'zh-TW': {
    title: '{brand} 的配送',
    description: '查看您的包裹位置與配送進度。',
    noScript: '此頁面需要 JavaScript。',
  },
};

/** The preview of a language, for a brand. */
export function previewText(language: PageLanguage, brand: string): PreviewText {
  const { title, ...texts } = TEXTS[language];
  return { ...texts, title: title.replace('{brand}', () => brand) };
}
