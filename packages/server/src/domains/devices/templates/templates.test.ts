import fc from "fast-check";
import { isProblem } from "@holdfast/kit";
import { describe, expect, test } from "vitest";
import { templateText } from "../../../../test/templates/arbitrary.ts";
import { plant } from "../../../../test/templates/case.ts";
import { checkTemplate, Float, renderTemplate, type TemplateData, type TemplateLimits } from "./index.ts";

function render(files: string | Record<string, string>, data: Record<string, TemplateData> = plant, limits: Partial<TemplateLimits> = {}) {
  const texts = typeof files === "string" ? { main: files } : files;
  const loader = {
    load: (name: string) => (Object.hasOwn(texts, name) ? { text: texts[name] ?? "", file: `templates/${name}` } : undefined),
  };
  return renderTemplate({ loader, entry: "main", data, limits });
}

function refusal(files: string | Record<string, string>, data?: Record<string, TemplateData>, limits?: Partial<TemplateLimits>) {
  try {
    render(files, data, limits);
  } catch (thrown) {
    if (isProblem(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("was rendered");
}

describe("an error says where and what to do", () => {
  test.each([
    ["an undefined variable", "hostname {{ hostname }}\nntp {{ ntp.server }}\n", 2, 12, '"ntp" is not defined'],
    ["an absent key", "\n\n  {{ device.labels.rack }}", 3, 20, 'the mapping device.labels has no "rack". It has role, tier.'],
    ["an absent item", "{{ interfaces[7].name }}", 1, 18, "the list interfaces has no item 7. It has 3 items."],
    [
      "a name that comes later",
      "{% for i in [1] %}{{ late }}{% endfor %}\n{% set late = 1 %}",
      1,
      22,
      "this template assigns it further down",
    ],
    [
      "a type that does not fit",
      "mtu {{ 'a' + 1 }}",
      1,
      12,
      "+ does not work on a string and an integer. To join texts and numbers use ~.",
    ],
    ["an unknown filter", "{{ 1 |\n uper }}", 2, 2, "the filter uper is not supported. Did you mean upper?"],
    [
      "a filter left out on purpose",
      "{{ words|random }}",
      1,
      10,
      "the filter random is not supported. The same intent must always render the same.",
    ],
    [
      "a tag left out on purpose",
      "{% for i in list %}\n{% break %}\n{% endfor %}",
      2,
      4,
      "the tag break is not supported. Instead: filter the items",
    ],
    ["a tag never closed", "a\n{% if yes %}\nb\n", 2, 4, "{% if %} is not closed by"],
    [
      "a tag closed twice",
      "{% for i in list %}\n{% endif %}",
      2,
      4,
      "{% endif %} closes nothing here; the {% for %} of line 1 is still open",
    ],
    [
      "a recursive loop",
      "{% for i in list recursive %}{% endfor %}",
      1,
      18,
      "a recursive for is not supported. Write a macro that calls itself.",
    ],
    ["an address that is none", "{{ 'eth0'|ipaddr('network') }}", 1, 11, '"eth0" is no IP address or prefix'],
  ])("%s", (...[, template, line, column, say]) => {
    const problem = refusal(template);
    expect(problem.code).toBe("template_error");
    expect(problem.message).toContain(`templates/main:${line}:${column}: `);
    expect(problem.message).toContain(say);
    expect(problem.facts).toEqual({ template: "templates/main", line, column });
  });

  test("in an included template and a macro, with the way there", () => {
    const problem = refusal({
      main: "x\n{% include 'part' %}",
      part: "{% import 'lib' as lib %}\n  {{ lib.m(1) }}",
      lib: "{% macro m(a) %}\n\n{{ a.b }}{% endmacro %}",
    });
    expect(problem.places.map(({ at }) => at)).toEqual(["templates/lib:3:6", "templates/part:2:11", "templates/main:2:4"]);
  });

  test("and never the value of a secret", () => {
    const data = { device: { password: "hunter2" }, list: ["hunter2"] };
    for (const template of [
      "{{ device.pass }}",
      "{{ device.password + 1 }}",
      "{{ device.password.nope }}",
      "{{ list.x }}",
      "{{ [device.password] + 1 }}",
      "{{ list.index('a') }}",
      "{{ device.password() }}",
    ])
      expect(JSON.stringify([refusal(template, data).message, refusal(template, data).places])).not.toContain("hunter2");
  });

  test("a template that is not there", () => {
    expect(() => renderTemplate({ loader: { load: () => undefined }, entry: "frr/device.j2", data: {} })).toThrow(
      'There is no template "frr/device.j2".',
    );
  });

  test("a template is checked without data", () => {
    expect(() => checkTemplate("templates/a.j2", "{{ anything }}\n{% if %}")).toThrow("templates/a.j2:2:7: expected an expression");
    expect(() => checkTemplate("templates/a.j2", "{{ anything.goes | upper }}")).not.toThrow();
  });
});

describe("every line says where it came from", () => {
  const sources = (files: string | Record<string, string>, data?: Record<string, TemplateData>) =>
    render(files, data).lines.map(({ template, templateLine, data: paths }) =>
      `${template.replace("templates/", "")}:${templateLine} ${paths.join(" ")}`.trim(),
    );

  test("template line and data path", () => {
    expect(sources("hostname {{ device.name }}\n!\nmtu {{ interfaces[1].mtu }} {{ vlans[10].name }}\n")).toEqual([
      "main:1 device.name",
      "main:2",
      "main:3 interfaces[1].mtu vlans[10].name",
    ]);
  });

  test("loops give the item, conditions give what they asked", () => {
    const template =
      "{% for i in interfaces %}\ninterface {{ i.name }}\n{% if not i.enabled %}\n shutdown\n{% endif %}\n{% endfor %}\n{% for w in words %}\nw {{ w }}\n{% endfor %}\n{% for k, v in map.items() %}\n{{ k }} {{ v }}\n{% endfor %}";
    expect(sources(template)).toEqual([
      "main:2 interfaces[0].name",
      "main:2 interfaces[1].name",
      "main:4 interfaces[1].enabled",
      "main:2 interfaces[2].name",
      ...[0, 1, 2, 3, 4].map((i) => `main:8 words[${i}]`),
      "main:11 map.b",
      "main:11 map.a",
      "main:11 map.C",
    ]);
  });

  test("through macros, includes, blocks, captured text and filters that keep lines", () => {
    const files = {
      main: "{% extends 'base' %}\n{% from 'lib' import port %}\n{% block ports %}\n{{ port(interfaces[0]) | indent(1, true) }}{{ super() }}{% include 'tail' %}{% endblock %}",
      base: "top\n{% block ports %}\nbase {{ site }}\n{% endblock %}\n{% set kept %}\nkept {{ n }}\n{% endset %}\n{{ kept }}",
      lib: "{% macro port(p) %}\nport {{ p.name }}\n mtu {{ p.mtu }}\n{% endmacro %}",
      tail: "tail {{ hostname }}\n",
    };
    expect(render(files).text).toBe("top\n port eth0\n  mtu 1500\nbase lyon\ntail edge-1\nkept 7\n");
    expect(sources(files)).toEqual([
      "base:1",
      "lib:2 interfaces[0].name",
      "lib:3 interfaces[0].mtu",
      "base:3 site",
      "tail:1 hostname",
      "base:6 n",
    ]);
  });

  test("values that were set or picked keep their origin", () => {
    const template =
      "{% set first = interfaces | selectattr('enabled') | first %}\nuse {{ first.ip | ipaddr('address') }}\n{% set mtu = interfaces[0].mtu %}\nmtu {{ mtu }}\n{{ interfaces | map(attribute='name') | join(',') }}\n";
    expect(sources(template)).toEqual([
      "main:2 interfaces[0].enabled interfaces[0].ip",
      "main:4 interfaces[0].mtu",
      "main:5 interfaces[0].name interfaces[1].name interfaces[2].name",
    ]);
  });

  test("keys that are no names are quoted", () => {
    expect(sources("{{ device['odd key'] }}\n{{ vlans[20]['name'] }}")).toEqual(['main:1 device["odd key"]', "main:2 vlans[20].name"]);
  });

  test("as many sources as lines, whatever the template", () => {
    fc.assert(
      fc.property(templateText, (template) => {
        let rendered;
        try {
          rendered = render(template);
        } catch (thrown) {
          expect(isProblem(thrown)).toBe(true);
          return;
        }
        const { text, lines } = rendered;
        expect(lines).toHaveLength(text === "" ? 0 : text.replace(/\n$/, "").split("\n").length);
        expect(lines.every(({ templateLine }) => templateLine >= 1)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe("a template can do no harm", () => {
  test.each([
    ["a long loop", "{% for i in range(99999999999) %}{% endfor %}"],
    ["loops in loops", "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"],
    ["a loop that feeds itself", "{% set l = [1] %}{% for i in l %}{% set _ = l.append(i) %}{% endfor %}"],
    ["a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"],
    ["an include of itself", "{% include 'main' %}"],
    ["a template that extends itself", "{% extends 'main' %}"],
    ["a repeated text", "{{ 'x' * 999999999 }}"],
    ["doubled texts", "{% set ns = namespace(t='x' * 1000) %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}"],
    ["doubled lists", "{% set ns = namespace(t=[0]) %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}"],
    [
      "lists of the same lists",
      "{% set ns = namespace(t=[0]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t }}",
    ],
    [
      "a comparison of lists of the same lists",
      "{% set ns = namespace(t=[0], u=[0]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}{% set ns.u = [ns.u, ns.u] %}{% endfor %}{{ ns.t == ns.u }}",
    ],
    ["a list in itself", "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}"],
    ["a replacement that grows", "{% set t = 'a' * 100000 %}{{ t | replace('a', t) }}"],
    ["a join that grows", "{% set t = 'a' * 100000 %}{{ range(9999) | join(t) }}"],
    ["a wide center", "{{ 'x' | center(99999999999) }}"],
    ["a wide format", "{{ '%99999999999d' % 1 }}"],
    ["a wide brace format", "{{ '{:99999999999}'.format(1) }}"],
    ["a wide indent", "{{ 'x' | indent(99999999999, true) }}"],
    ["zeros without end", "{{ 'x'.zfill(99999999999) }}"],
    ["a large power", "{{ 9 ** (9 ** 9) }}"],
    ["a deep JSON indent", "{{ [[1]] | tojson(999999999) }}"],
    ["a batch filled up", "{{ [1] | batch(999999999, 0) | list }}"],
    ["much text", "{% for i in range(99999) %}{{ 'x' * 100 }}{% endfor %}"],
    ["deep brackets", `{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`],
    ["deep lists", `{{ ${"[".repeat(5000)}${"]".repeat(5000)} }}`],
    ["deep tags", `${"{% if yes %}".repeat(5000)}${"{% endif %}".repeat(5000)}`],
    ["many signs", `{{ ${"- ".repeat(5000)}1 }}`],
    ["many nots", `{{ ${"not ".repeat(5000)}1 }}`],
    ["a long chain", `{{ device${".labels".repeat(20_000)} }}`],
  ])("%s is refused", (_, template) => {
    const began = performance.now();
    expect(refusal(template).code).toBe("template_error");
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test.each([
    "{{ ''.constructor }}",
    "{{ [].constructor }}",
    "{{ {}.constructor }}",
    "{{ device.constructor }}",
    "{{ device.__proto__ }}",
    "{{ device['__proto__'] }}",
    "{{ device.hasOwnProperty }}",
    "{{ device.toString }}",
    "{{ ''['constructor'] }}",
    "{{ range.constructor }}",
    "{{ loop.constructor }}",
    "{{ self.constructor }}",
    "{{ namespace().constructor }}",
    "{{ constructor }}",
    "{{ globalThis }}",
    "{{ process }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../secrets' %}",
    "{{ 'a' | constructor }}",
    "{{ 1 is constructor }}",
    "{{ '%s'.__class__.__mro__ }}",
    "{{ ''.format.__globals__ }}",
  ])("%s leads nowhere", (template) => {
    expect(refusal(template).code).toBe("template_error");
  });

  test("names of JavaScript's objects are ordinary keys of data", () => {
    const data = { m: JSON.parse('{"__proto__": "p", "constructor": "c", "toString": "t"}') as Record<string, TemplateData> };
    expect(render("{{ m.__proto__ }}{{ m.constructor }}{{ m['toString'] }}{{ m | length }}", data).text).toBe("pct3");
  });

  test("what it changes is its own copy", () => {
    const list = [1];
    expect(render("{% set _ = list.append(2) %}{{ list }}", { list }).text).toBe("[1, 2]");
    expect(list).toEqual([1]);
  });

  test("any text is rendered or refused with a place, twice the same way", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "if",
        "for",
        "in",
        "set",
        "x",
        "|",
        "(",
        ")",
        "[",
        "]",
        "'",
        "\n",
        " ",
        "endif",
        "raw",
        "%} ",
        "1",
        ".",
      ),
    );
    const outcome = (template: string) => {
      try {
        return render(template, {}, { steps: 100_000 }).text;
      } catch (thrown) {
        if (!isProblem(thrown)) throw thrown;
        expect(thrown.message).toMatch(/^templates\/main:\d+:\d+: /);
        return thrown.message;
      }
    };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const template = pieces.join("");
        expect(outcome(template)).toBe(outcome(template));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("data keep their types", () => {
  test("whole floats, large integers, keys that are numbers", () => {
    const data = {
      f: new Float(1),
      i: 1,
      big: 2n ** 70n,
      m: new Map<TemplateData, TemplateData>([
        [1, "one"],
        [null, "none"],
      ]),
    };
    expect(render("{{ f }} {{ i }} {{ big }} {{ m[1] }} {{ m[none] }} {{ m }}", data).text).toBe(
      "1.0 1 1180591620717411303424 one none {1: 'one', None: 'none'}",
    );
  });
});

describe("filters for addresses", () => {
  test.each([
    ["'10.1.2.3/20'|ipaddr('address')", "10.1.2.3"],
    ["'10.1.2.3/20'|ipaddr('network')", "10.1.0.0"],
    ["'10.1.2.3/20'|ipaddr('subnet')", "10.1.0.0/20"],
    ["'10.1.2.3/20'|ipaddr('netmask')", "255.255.240.0"],
    ["'10.1.2.3/20'|ipaddr('hostmask')", "0.0.15.255"],
    ["'10.1.2.3/20'|ipaddr('broadcast')", "10.1.15.255"],
    ["'10.1.2.3/20'|ipaddr('prefix')", "20"],
    ["'10.1.2.3/255.255.255.0'|ipaddr('prefix')", "24"],
    ["'10.1.2.3/20'|ipaddr", "10.1.2.3/20"],
    ["'10.1.2.3'|ipaddr", "10.1.2.3"],
    ["'10.1.2.3'|ipaddr('prefix')", "32"],
    ["'10.0.0.0/24'|ipaddr(1)", "10.0.0.1/24"],
    ["'10.0.0.0/24'|ipaddr(-1)", "10.0.0.255/24"],
    ["'10.0.0.255'|ipmath(1)", "10.0.1.0"],
    ["'10.0.0.0'|ipmath(-1)", "9.255.255.255"],
    ["'2001:DB8:0:0:1:0:0:1/64'|ipaddr('address')", "2001:db8::1:0:0:1"],
    ["'2001:db8::1/64'|ipaddr('network')", "2001:db8::"],
    ["'2001:db8::1/64'|ipaddr('subnet')", "2001:db8::/64"],
    ["'::/0'|ipaddr('netmask')", "::"],
    ["'2001:db8::ffff'|ipmath(1)", "2001:db8::1:0"],
    ["'::1'|ipaddr('version')", "6"],
  ])("{{ %s }} is %s", (expression, text) => {
    expect(render(`{{ ${expression} }}`, {}).text).toBe(text);
  });

  test.each([
    "10.0.0.256",
    "10.0.0",
    "010.0.0.1",
    "10.0.0.1/33",
    "10.0.0.1/255.0.255.0",
    "1:2:3:4:5:6:7",
    "::1::",
    "1:2:3:4:5:6:7:8::",
    "g::",
    "10.0.0.1/24/2",
    "",
  ])("%s is no address", (text) => {
    expect(refusal(`{{ text|ipaddr }}`, { text }).message).toContain("no IP address or prefix");
  });
});
