/** Mail, by the SMTP server that the operator names. A mail is short, plain text, to one person. */
import { Problem, type Secret } from "@holdfast/kit";
import { createTransport } from "nodemailer";
import type { Log } from "./log.ts";

export interface Letter {
  to: string;
  subject: string;
  text: string;
}

export interface Mail {
  /** Delivered to the SMTP server when it resolves. @throws Problem `mail_refused` */
  send(letter: Letter): Promise<void>;
  /** Beside everything else, so that the time it takes tells nobody anything; what goes wrong is logged, without the letter. */
  sendLater(write: () => Promise<Letter | undefined>): void;
  /** Waits for what `sendLater` began, for 10 s at most; what a silent server has not taken by then is logged as not sent. */
  close(): Promise<void>;
}

export interface MailSettings {
  /** `smtp://` (STARTTLS where the server offers it) or `smtps://`, with name and password. */
  url: Secret;
  from: string;
}

/** `closeMs`: how long closing waits; 10 s unless told. */
export function createMail({ url, from, log, closeMs = 10_000 }: MailSettings & { log: Log; closeMs?: number }): Mail {
  const secure = url.reveal().startsWith("smtps:");
  const { hostname, port, username, password } = new URL(url.reveal());
  const transport = createTransport({
    host: hostname.replaceAll(/[[\]]/g, ""),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    // A password goes over nothing that is not encrypted.
    requireTLS: !secure && username !== "",
    ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const under = new Set<Promise<void>>();

  async function send({ to, subject, text }: Letter): Promise<void> {
    try {
      await transport.sendMail({ from, to: { name: "", address: to }, subject, text });
    } catch (thrown) {
      throw new Problem("mail_refused", {
        kind: "unavailable",
        say: "The mail server did not take the mail; look at HOLDFAST_SMTP_URL, and at the server's own log.",
        because: thrown,
      });
    }
  }

  async function writeAndSend(write: () => Promise<Letter | undefined>): Promise<void> {
    try {
      const letter = await write();
      if (letter) await send(letter);
    } catch (err) {
      log.error({ err }, "a mail could not be sent");
    }
  }

  return {
    send,
    sendLater(write) {
      const one: Promise<void> = writeAndSend(write).finally(() => under.delete(one));
      under.add(one);
    },
    async close() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, closeMs);
      // What is begun meanwhile is waited for, too.
      const all = async (): Promise<void> => {
        while (under.size > 0) await Promise.all(under);
      };
      await Promise.race([all(), late.promise]);
      clearTimeout(timer);
      if (under.size > 0) log.error({ letters: under.size }, "mails could not be sent before the end");
      transport.close();
    },
  };
}
