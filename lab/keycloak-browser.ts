/** A browser as far as cookies, forms and redirects go, between us and a Keycloak of the lab. */
import type { Keycloak } from "./keycloak.ts";

interface Asking {
  method?: string;
  body?: string;
  type?: string;
  /** The page that it comes from; the one that is asked unless told. */
  origin?: string;
}

const formType = "application/x-www-form-urlencoded";
const plainText = (html: string): string =>
  html.replaceAll("&amp;", "&").replaceAll("&#x3d;", "=").replaceAll("&#x2b;", "+").replaceAll("&#x2f;", "/");

export class Browser {
  readonly jar = new Map<string, string>();
  readonly url: string;
  readonly keycloak: Keycloak;

  constructor(url: string, keycloak: Keycloak) {
    this.url = url;
    this.keycloak = keycloak;
  }

  /** A page of another site sends none of our cookies along: they are SameSite=Strict. */
  async ask(at: string | URL, init: Asking = {}): Promise<Response> {
    const { origin } = new URL(at);
    const foreign = init.origin !== undefined && init.origin !== origin;
    const cookie = [...this.jar]
      .filter(([key]) => !foreign && key.startsWith(`${origin} `))
      .map(([key, value]) => `${key.slice(origin.length + 1)}=${value}`);
    const headers = { cookie: cookie.join("; "), origin: init.origin ?? origin, ...(init.type ? { "content-type": init.type } : {}) };
    const answer = await fetch(at, {
      redirect: "manual",
      headers,
      ...(init.method ? { method: init.method } : {}),
      ...(init.body ? { body: init.body } : {}),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (set.split(";")[0] ?? "").split(/=(.*)/s);
      this.jar.set(`${origin} ${name}`, value);
    }
    return answer;
  }

  async post<T>(path: string, body: object): Promise<T> {
    const answer = await this.ask(`${this.url}/api/v1${path}`, { method: "POST", body: JSON.stringify(body), type: "application/json" });
    const said = (await answer.json()) as T;
    if (!answer.ok) throw Object.assign(new Error(JSON.stringify(said)), said);
    return said;
  }

  /** Keycloak's own page with name and password, when it shows it; what came then. */
  async signInThere(start: string): Promise<Response> {
    const page = await this.follow(await this.ask(start), start);
    const html = await page.clone().text();
    const form = /action="([^"]+login-actions[^"]+)"/.exec(html)?.[1];
    if (form === undefined) return page;
    const { name: username, password } = this.keycloak.person;
    const body = new URLSearchParams({ username, password }).toString();
    return this.follow(await this.ask(plainText(form), { method: "POST", body, type: formType }), start);
  }

  /** Redirects within Keycloak. */
  async follow(answer: Response, from: string): Promise<Response> {
    const to = answer.headers.get("location");
    if (to === null || !new URL(to, from).href.startsWith(this.keycloak.url)) return answer;
    return this.follow(await this.ask(new URL(to, from)), from);
  }

  /** Says yes to Keycloak's question whether somebody wants to sign out; what came then. */
  async signOutThere(at: string): Promise<Response> {
    const page = await this.follow(await this.ask(at), at);
    const html = await page.text();
    const to = plainText(/action="([^"]+logout-confirm[^"]*)"/.exec(html)?.[1] ?? "");
    const code = /name="session_code" value="([^"]+)"/.exec(html)?.[1] ?? "";
    const body = new URLSearchParams({ session_code: code, confirmLogout: "Logout" }).toString();
    return this.follow(await this.ask(new URL(to, at), { method: "POST", body, type: formType }), at);
  }

  /** Sends the form that a page of Keycloak would send by itself. */
  async sendForm(page: Response): Promise<Response> {
    const html = await page.text();
    const to = plainText(/action="([^"]+)"/i.exec(html)?.[1] ?? "");
    const fields = [...html.matchAll(/<input[^>]*name="(SAML\w+|RelayState)"[^>]*value="([^"]*)"/gi)];
    const body = new URLSearchParams(fields.map(([, name = "", value = ""]): [string, string] => [name, plainText(value)])).toString();
    return this.ask(to, { method: "POST", body, type: formType, origin: this.keycloak.url });
  }

  /** By OpenID Connect; what our page is then given. */
  async viaKeycloak(start: string): Promise<string> {
    return new URL((await this.signInThere(start)).headers.get("location") ?? "").search.slice(1);
  }

  async isIn(): Promise<boolean> {
    return (await this.ask(`${this.url}/api/v1/auth/me`)).ok;
  }
}
