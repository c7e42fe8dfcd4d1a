import { quoted } from './curl-line.js';

/** What the recipe needs to know of a sandbox. */
export interface RecipeKeys {
  readonly base: string;
  readonly apiKey: string;
  /** Absent if it is a secret. */
  readonly apiSecret?: string;
}

/** A shell script that places an order: a signed quotation, and a signed order of it. */
export function orderRecipe({ base, apiKey, apiSecret = 'YOUR SECRET' }: RecipeKeys): string {
  return `BASE=${quoted(base)} KEY=${quoted(apiKey)} SECRET=${quoted(apiSecret)}
call() { # METHOD PATH BODY
  TIME="$(date +%s)000"
  SIGNATURE=$(printf '%s\\r\\n%s\\r\\n%s\\r\\n\\r\\n%s' "$TIME" "$1" "$2" "$3" |
    openssl dgst -sha256 -hmac "$SECRET" | sed 's/.*= *//')
  curl -s -X "$1" "$BASE$2" -H "Authorization: hmac $KEY:$TIME:$SIGNATURE" -H 'Market: HK' \\
    -H 'Content-Type: application/json' --data-binary "$3"
}
id() { printf %s "$QUOTED" | grep -o "\\"$1\\":\\"[0-9]*\\"" | sed -n "$2p" | grep -o '[0-9]*'; }
QUOTED=$(call POST /v3/quotations '{"data":{"serviceType":"MOTORCYCLE","language":"en_HK","stops":[
  {"coordinates":{"lat":"22.2759","lng":"114.1455"},"address":"Victoria Peak, Hong Kong"},
  {"coordinates":{"lat":"22.3193","lng":"114.1694"},"address":"Mong Kok, Hong Kong"}]}}')
call POST /v3/orders '{"data":{"quotationId":"'"$(id quotationId 1)"'",
  "sender":{"stopId":"'"$(id stopId 1)"'","name":"Shop","phone":"+85251234567"},
  "recipients":[{"stopId":"'"$(id stopId 2)"'","name":"Ada","phone":"+85251234567","remarks":"Ring twice"}],
  "isPODEnabled":true,"metadata":{"reference":"A-1"}}}'`;
}

/** The options of the module, to be pasted into an app. */
export function moduleOptions({ base, apiKey, apiSecret }: RecipeKeys): string {
  const secret = apiSecret === undefined ? 'process.env.LALAMOVE_API_SECRET' : literal(apiSecret);
  return `LalamoveModule.forRoot({
  apiKey: ${literal(apiKey)},
  apiSecret: ${secret},
  market: 'HK',
  baseUrl: ${literal(base)},
});`;
}

/** A text as TypeScript writes it. */
function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** The command that starts a sandbox, in a project that has the package and elsewhere. */
export function commandLines(port: string): string {
  const options = `--port ${port === '' ? '4010' : port} --drivers prompt --log`;
  return [
    '# In a project that has nestjs-lalamove:',
    `npx lalamove-sandbox ${options}`,
    '# Anywhere:',
    `npx -p nestjs-lalamove lalamove-sandbox ${options}`,
  ].join('\n');
}

/** The same as environment variables, for `lalamoveOptionsFromEnv()`. */
export function environmentLines({ base, apiKey, apiSecret = 'YOUR SECRET' }: RecipeKeys): string {
  return [
    `LALAMOVE_BASE_URL=${base}`,
    `LALAMOVE_API_KEY=${apiKey}`,
    `LALAMOVE_API_SECRET=${apiSecret}`,
    'LALAMOVE_MARKET=HK',
  ].join('\n');
}
