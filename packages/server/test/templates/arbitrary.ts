/** Templates nobody wrote: expressions and statements put together at random, most of them valid. */
import fc from "fast-check";

/** Names of the plant by what they hold, so that most expressions mean something. */
const names = {
  number: ["n", "zero", "negative", "ratio", "whole", "yes", "big", "interfaces[0].mtu", "list[0]", "map.a", "neighbors[1]['asn']"],
  text: ["hostname", "text", "padded", "empty", "lines", "accent", "device.name", "interfaces[1].ip", "words[2]", "device['labels'].role"],
  list: ["list", "words", "none", "nested[0]", "range(4)", "vlans[10].ports"],
  map: ["map", "device.labels", "vlans", "interfaces[0]"],
  any: ["nothing", "no", "mixed", "nested", "interfaces", "n", "hostname", "list", "map"],
  absent: ["nope", "device.nope", "interfaces[9]", "list[99]", "vlans.nope", "(1 if no)"],
};

const pick = (from: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...from);
const literalText = fc.constantFrom(
  "''",
  "'a'",
  '"b c"',
  "'x-y-z'",
  "'10.0.0.1'",
  "'A\\nb'",
  "'é😀'",
  "'  pad '",
  "'42'",
  "'1.5'",
  "','",
  "'%s|'",
  "'it\\'s'",
);
const literalNumber = fc.constantFrom("0", "1", "2", "-1", "3", "10", "255", "1.0", "0.5", "-2.5", "1e3", "1_000", "0x10");

/** One bound for everything inside an expression, so that templates stay readable when one fails. */
const depth = fc.createDepthIdentifier();

/** Expressions by what they should give. */
const expressions = fc.letrec<Record<"number" | "text" | "list" | "map" | "flag" | "any", string>>((tie) => {
  const filtered = (input: fc.Arbitrary<string>, filters: readonly string[]): fc.Arbitrary<string> =>
    fc.tuple(input, pick(filters)).map(([value, filter]) => `(${value}|${filter})`);
  const dual = (left: string, operators: readonly string[], right: string): fc.Arbitrary<string> =>
    fc.tuple(tie(left as "number"), pick(operators), tie(right as "number")).map(([a, operator, b]) => `(${a} ${operator} ${b})`);
  const loose = (kind: "number" | "text" | "list"): fc.Arbitrary<string> =>
    fc
      .tuple(tie(kind), pick(kind === "number" ? ["+", "-", "*", "%", "//"] : ["+", "~"]), tie(kind))
      .map(([a, operator, b]) => `${a} ${operator} ${b}`);
  const choice = (kind: "number" | "text" | "list" | "map"): fc.Arbitrary<string> =>
    fc.tuple(tie(kind), tie("flag"), tie(kind)).map(([yes, test, no]) => `(${yes} if ${test} else ${no})`);
  const rescued = fc.tuple(pick(names.absent), tie("any")).map(([name, other]) => `(${name}|default(${other}))`);
  const attributes = ["name", "ip", "vrf", "mtu", "enabled"];
  return {
    number: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      pick(names.number),
      literalNumber,
      dual("number", ["+", "-", "*", "/", "//", "%"], "number"),
      loose("number"),
      fc.tuple(tie("number"), fc.constantFrom("2", "3", "-1")).map(([base, power]) => `(${base} ** ${power})`),
      fc.tuple(fc.constantFrom("-", "+", "- -"), tie("number")).map(([sign, value]) => `(${sign}${value})`),
      filtered(tie("number"), ["abs", "round", "round(1)", "round(2, 'floor')", "round(method='ceil')", "int", "float", "string|int"]),
      filtered(tie("text"), ["length", "int", "int(7)", "float", "wordcount", "int(0, 16)"]),
      filtered(tie("list"), ["length", "sum", "first", "last", "min", "max", "count"]),
      fc.tuple(tie("text"), tie("text")).map(([a, b]) => `${a}.count(${b})`),
      choice("number"),
    ),
    text: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      pick(names.text),
      literalText,
      dual("text", ["~", "+"], "text"),
      loose("text"),
      fc.tuple(tie("any"), tie("any")).map(([a, b]) => `(${a} ~ ${b})`),
      filtered(tie("text"), [
        "upper",
        "lower",
        "title",
        "capitalize",
        "trim",
        "replace('a', 'b')",
        "replace('-', '', 1)",
        "indent(2)",
        "indent(1, true, true)",
        "center(9)",
        "truncate(6)",
        "reverse",
        "string",
        "trim('a')",
        "tojson",
        "default('d', true)",
      ]),
      filtered(tie("any"), ["string", "tojson", "upper", "join('-')", "default('x')", "default('x', true)"]),
      filtered(tie("list"), ["join", "join(', ')", "first", "last", "sort|join('/')", "map('string')|join", "unique|join(' ')"]),
      fc
        .tuple(
          tie("text"),
          pick([
            "upper()",
            "lower()",
            "title()",
            "strip()",
            "strip('ax')",
            "replace('o', '0')",
            "zfill(8)",
            "ljust(7, '.')",
            "rjust(7)",
            "center(6, '*')",
            "capitalize()",
            "swapcase()",
            "removeprefix('e')",
            "splitlines()|join('+')",
            "split()[0]|default('')",
          ]),
        )
        .map(([value, method]) => `${value}.${method}`),
      fc
        .tuple(tie("text"), pick(["[0]|default('')", "[-1]|default('')", "[1:]", "[:3]", "[::-1]", "[1:5:2]", "[-4:-1]"]))
        .map(([value, index]) => `${value}${index}`),
      fc
        .tuple(pick(["'%s'", "'%5s|%s'", "'%03d'", "'%x'", "'%.2f'", "'%r'"]), tie("any"))
        .map(([format, value]) => `(${format} % ${value})`),
      fc
        .tuple(
          pick([
            "'{}'",
            "'{:>8}'",
            "'{:<6}|'",
            "'{:^7}'",
            "'{:05d}'",
            "'{:.2f}'",
            "'{!r}'",
            "'{:,}'",
            "'{:+}'",
            "'{:x}'",
            "'{:e}'",
            "'{:g}'",
          ]),
          fc.oneof(tie("number"), tie("text")),
        )
        .map(([format, value]) => `${format}.format(${value})`),
      fc.tuple(tie("text"), fc.constantFrom("2", "0", "n % 4", "true")).map(([value, times]) => `(${value} * ${times})`),
      choice("text"),
      rescued,
    ),
    list: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      pick(names.list),
      fc.array(tie("any"), { maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
      fc.array(tie("number"), { minLength: 1, maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
      fc.array(tie("text"), { minLength: 1, maxLength: 3 }).map((items) => `(${items.join(", ")},)|list`),
      dual("list", ["+"], "list"),
      filtered(tie("list"), [
        "sort",
        "sort(reverse=true)",
        "unique|list",
        "reverse|list",
        "map('string')|list",
        "map('upper')|list",
        "select|list",
        "reject('none')|list",
        "select('number')|list",
        "batch(2)|list",
        "batch(3, 'x')|list",
        "slice(2)|list",
        "select('gt', 1)|list",
        "map('default', 0)|list",
        "reject('in', [1, 2])|list",
      ]),
      filtered(tie("map"), [
        "list",
        "dictsort",
        "dictsort(by='value')",
        "items|list",
        "dictsort|map('first')|list",
        "dictsort(true, 'key', true)",
      ]),
      filtered(tie("text"), ["list", "map('upper')|list"]),
      fc
        .tuple(tie("map"), pick(["keys()|list", "values()|list", "items()|list", "keys()|sort"]))
        .map(([value, method]) => `${value}.${method}`),
      fc
        .tuple(tie("text"), pick(["split()", "split('-')", "split('-', 1)", "rsplit(' ', 1)", "splitlines()", "partition('a')|list"]))
        .map(([value, method]) => `${value}.${method}`),
      fc.tuple(tie("list"), pick(["[1:]", "[::-1]", "[:2]", "[::2]"])).map(([value, index]) => `(${value}|list)${index}`),
      fc
        .tuple(pick(["interfaces", "neighbors"]), pick(attributes), pick(["|list", "|join(' ')|list"]))
        .map(([value, attribute, end]) => `(${value}|map(attribute='${attribute}')${end})`),
      fc
        .tuple(
          pick([
            "selectattr('enabled')",
            "rejectattr('enabled')",
            "selectattr('vrf', 'eq', 'red')",
            "sort(attribute='name')",
            "sort(attribute='vrf,ip', reverse=true)",
            "selectattr('mtu', 'defined')",
          ]),
          pick(attributes),
        )
        .map(([filter, attribute]) => `(interfaces|${filter}|map(attribute='${attribute}')|list)`),
      choice("list"),
    ),
    map: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      pick(names.map),
      fc
        .array(fc.tuple(fc.oneof(literalText, literalNumber), tie("any")), { maxLength: 3 })
        .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(", ")}}`),
      fc.tuple(tie("number"), tie("text")).map(([a, b]) => `dict(a=${a}, b=${b})`),
      choice("map"),
    ),
    flag: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      fc.constantFrom("yes", "no", "true", "false"),
      dual("number", ["==", "!=", "<", "<=", ">", ">="], "number"),
      dual("text", ["==", "!=", "<", "in", "not in"], "text"),
      dual("any", ["==", "!="], "any"),
      fc.tuple(tie("any"), pick(["in", "not in"]), fc.oneof(tie("list"), tie("map"))).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      fc.tuple(tie("flag"), pick(["and", "or"]), tie("flag")).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      tie("flag").map((value) => `(not ${value})`),
      fc
        .tuple(
          fc.oneof(tie("any"), pick(names.absent)),
          pick([
            "is defined",
            "is undefined",
            "is none",
            "is string",
            "is number",
            "is not defined",
            "is mapping",
            "is integer",
            "is boolean",
          ]),
        )
        .map(([value, test]) => `(${value} ${test})`),
      fc
        .tuple(tie("any"), pick(["is iterable", "is sequence", "is float", "is true", "is eq 1", "is in [1, 'a']"]))
        .map(([value, test]) => `(${value} ${test})`),
      fc
        .tuple(tie("number"), pick(["is odd", "is even", "is divisibleby 3", "is gt 2", "is lt(5)"]))
        .map(([value, test]) => `(${value} ${test})`),
      fc.tuple(tie("number"), tie("number"), tie("number")).map(([a, b, c]) => `(${a} < ${b} <= ${c})`),
    ),
    any: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      pick(names.any),
      tie("number"),
      tie("text"),
      tie("list"),
      tie("map"),
      tie("flag"),
      literalText,
      literalNumber,
    ),
  };
});

const words = fc.constantFrom(
  "\n",
  "\n",
  " ",
  "",
  "interface ",
  " ip address ",
  "!\n",
  "  \n",
  "\t",
  "a",
  "description x\n",
  "{",
  "% }",
  "\n\n",
  "é",
);
const open = fc.constantFrom("{%", "{%", "{%", "{%-", "{%+", "  {%", "\n{%");
const close = fc.constantFrom("%}", "%}\n", "%}\n", "-%}", "+%}", "%} ");

const statements = fc.letrec<{ body: string; one: string }>((tie) => {
  const tag = (inner: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.tuple(open, inner, close).map(([from, text, to]) => `${from} ${text} ${to}`);
  const fixed = (text: string): fc.Arbitrary<string> => tag(fc.constant(text));
  const sequence = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map((texts) => texts.join(""));
  const iterable = fc.oneof(
    expressions.list,
    expressions.list,
    expressions.map,
    pick(["interfaces", "words", "text", "range(3)", "list|map('string')"]),
  );
  const looped = fc.constantFrom(
    "{{ x }}",
    "{{ x }},",
    "{{ loop.index }}",
    "{{ loop.first }}{{ loop.last }}",
    "{{ loop.revindex0 }}",
    "{{ loop.length }}",
    "{{ loop.cycle('a', 'b') }}",
    "{{ loop.nextitem|default('-') }}",
    "{{ x is string }}",
  );
  return {
    body: fc.array(tie("one"), { maxLength: 4 }).map((parts) => parts.join("")),
    one: fc.oneof(
      { maxDepth: 3, depthIdentifier: depth, depthSize: "small" },
      words,
      fc
        .tuple(fc.constantFrom("{{ ", "{{ ", "{{- ", "{{"), expressions.any, fc.constantFrom(" }}", " }}", " -}}", " }}\n"))
        .map((parts) => parts.join("")),
      pick(names.absent).map((name) => `{{ ${name}|default('gone') }}`),
      fc.constantFrom(
        "{# note #}",
        "{#- note -#}\n",
        "{# two\nlines #}\n",
        "{% raw %}{{ raw }}{% endraw %}",
        "{{ x|default('no x') }}",
        "{{ y|default('no y') }}",
      ),
      sequence(tag(expressions.flag.map((test) => `if ${test}`)), tie("body"), fixed("endif")),
      sequence(
        tag(expressions.any.map((test) => `if ${test}`)),
        tie("body"),
        fc.option(sequence(tag(expressions.flag.map((test) => `elif ${test}`)), tie("body")), { nil: "" }),
        fixed("else"),
        tie("body"),
        fixed("endif"),
      ),
      sequence(
        tag(iterable.map((items) => `for x in ${items}`)),
        looped,
        tie("body"),
        fc.option(sequence(fixed("else"), tie("body")), { nil: "" }),
        fixed("endfor"),
      ),
      sequence(
        tag(
          fc
            .tuple(expressions.list, fc.constantFrom("x is string", "x is number", "x", "x is not none"))
            .map(([items, test]) => `for x in ${items} if ${test}`),
        ),
        looped,
        tie("body"),
        fixed("endfor"),
      ),
      sequence(
        tag(expressions.map.map((items) => `for x, y in ${items}.items()`)),
        fc.constant("{{ x }}={{ y }}"),
        tie("body"),
        fixed("endfor"),
      ),
      tag(fc.tuple(fc.constantFrom("x", "y", "n", "hostname"), expressions.any).map(([name, value]) => `set ${name} = ${value}`)),
      tag(fc.tuple(expressions.any, expressions.any).map(([a, b]) => `set x, y = ${a}, ${b}`)),
      sequence(tag(fc.constantFrom("set x", "set y | upper", "set x | indent(2) | trim")), tie("body"), fixed("endset")),
      sequence(
        tag(fc.constantFrom("filter upper", "filter indent(2, true)", "filter replace('a', 'e') | title", "filter trim")),
        tie("body"),
        fixed("endfilter"),
      ),
      sequence(tag(expressions.any.map((value) => `with x = ${value}, y = n`)), tie("body"), fixed("endwith")),
      sequence(
        tag(fc.constantFrom("macro m(x)", "macro m(x, y=1)", "macro m(x='d')", "macro m(x=n, y=x)")),
        tie("body"),
        fixed("endmacro"),
        fc
          .tuple(expressions.any, fc.constantFrom("m({})", "m({}, {})", "m(y={}, x=1)", "m()", "m({})|indent(3)", "m(x={})|upper"))
          .map(([value, call]) => `{{ ${call.replaceAll("{}", () => value)} }}`),
      ),
      sequence(
        fixed("macro box(t)"),
        fc.constant("[{{ t }}:{{ caller() }}]"),
        fixed("endmacro"),
        tag(expressions.text.map((value) => `call box(${value})`)),
        tie("body"),
        fixed("endcall"),
      ),
    ),
  };
});

/** The text of a template over the plant. */
export const templateText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: statements.body, weight: 3 },
  { arbitrary: expressions.any.map((value) => `{{ ${value} }}`), weight: 2 },
  { arbitrary: fc.array(statements.one, { minLength: 2, maxLength: 8 }).map((parts) => parts.join("")), weight: 3 },
);
