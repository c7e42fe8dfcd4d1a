/** What the form of the shop's page sends. */
export interface Checkout {
  /** The reference of the delivery. */
  cart: string;
  name?: string;
  phone?: string;
  place?: string;
  remarks?: string;
}

/** The form as it was sent: a text for each field. */
export function checkoutOf(body: unknown): Checkout {
  const sent = Object.entries(typeof body === 'object' && body !== null ? body : {});
  const texts = sent.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { cart: '', ...Object.fromEntries(texts) };
}

/** Where the shop delivers to. A real shop would look up what the customer types. */
const PLACES = [
  { address: 'Hong Kong International Airport', lat: '22.3080', lng: '113.9185' },
  { address: '1 Matheson Street, Causeway Bay', lat: '22.2783', lng: '114.1821' },
  { address: '10 Salisbury Road, Tsim Sha Tsui', lat: '22.2935', lng: '114.1722' },
  { address: '18 Harbour Road, Wan Chai', lat: '22.2801', lng: '114.1735' },
];

/** The address that the customer has chosen, as a stop of a quotation. */
export function addressOf(place: string | undefined): { address: string; coordinates: { lat: string; lng: string } } {
  const { address, lat, lng } = PLACES.find((one) => one.address === place) ?? { ...PLACES[1], address: place ?? '' };
  return { address, coordinates: { lat: lat ?? '', lng: lng ?? '' } };
}

/** The checkout. @param problem why the last try was refused */
export function formPage({ cart, name, phone, place, remarks }: Checkout, problem?: string): string {
  const options = PLACES.map(
    ({ address }) => `<option${address === place ? ' selected' : ''}>${escaped(address)}</option>`,
  );
  return page(
    'Noodle shop',
    `<h1>Noodle shop</h1>
<p class="dish"><span>1 × Beef brisket noodles</span><span>HK$68.00</span></p>
<form method="post" action="shop">
<input type="hidden" name="cart" value="${escaped(cart)}">
${problem === undefined ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}
<label>Name<input name="name" required autocomplete="name" value="${escaped(name ?? 'Ada Wong')}"></label>
<label>Phone<input name="phone" required type="tel" autocomplete="tel" value="${escaped(phone ?? '5123 4567')}"></label>
<label>Deliver to<select name="place">${options.join('')}</select></label>
<label>For the courier<input name="remarks" value="${escaped(remarks ?? '')}" placeholder="Ring twice"></label>
<button>Order and send it out</button>
</form>`,
  );
}

/** What the customer sees after the order. */
export function thanksPage(reference: string, trackingLink: string): string {
  return page(
    'Thank you',
    `<h1>Thank you</h1>
<p>Your order <b>${escaped(reference)}</b> is on its way to the kitchen and the courier.</p>
<p><a class="button" href="${escaped(trackingLink)}">Follow your order</a></p>
<p><a href="shop">Order again</a></p>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="shop/shop.css">
</head>
<body><main>${body}</main></body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
