/** XML: the subset that vk.xml uses. */

/** An element of XML. */
export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: (Element | string)[];
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const decodeEntities = (text: string): string =>
  text.replace(/&(\w+);/g, (all, name: string) => ENTITIES[name] ?? all);

/** Parses XML. @throws for what is not understood, and for a text that is cut short */
export function parseXml(source: string): Element {
  const root: Element = { name: "", attributes: {}, children: [] };
  const open = [root];
  const token =
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<\/(\w+)\s*>|<(\w+)((?:\s+[\w:]+\s*=\s*"[^"]*")*)\s*(\/?)>|[^<]+/g;
  let consumed = 0;
  for (const match of source.matchAll(token)) {
    if (match.index !== consumed) throw new Error(`vk.xml: not understood at offset ${consumed}`);
    consumed += match[0].length;
    const [all, closing, opening, attributeText, selfClosing] = match;
    const current = open.at(-1) as Element;
    if (closing !== undefined) {
      if (current.name !== closing) throw new Error(`vk.xml: </${closing}> closes <${current.name}>`);
      open.pop();
    } else if (opening !== undefined) {
      const attributes: Record<string, string> = {};
      for (const [, name, value] of (attributeText ?? "").matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g)) {
        attributes[name as string] = decodeEntities(value as string);
      }
      const element: Element = { name: opening, attributes, children: [] };
      current.children.push(element);
      if (selfClosing === "") open.push(element);
    } else if (!all.startsWith("<")) current.children.push(decodeEntities(all));
  }
  if (consumed !== source.length || open.length !== 1)
    throw new Error("vk.xml: ends in the middle of an element");
  return root;
}

/** The elements directly in an element, of one name or of all. */
export const elementsOf = (element: Element, name?: string): Element[] =>
  element.children.filter(
    (child): child is Element => typeof child !== "string" && (name === undefined || child.name === name),
  );
/** The first element of a name directly in an element. */
export const child = (element: Element, name: string): Element | undefined => elementsOf(element, name)[0];
/** The text in an element, without comments. */
export const textOf = (element: Element): string =>
  element.children
    .map((part) => (typeof part === "string" ? part : part.name === "comment" ? "" : textOf(part)))
    .join("");
/** Entries of Vulkan SC stand beside those of Vulkan in newer registries. */
export const isVulkan = (element: Element): boolean =>
  element.attributes["api"]?.split(",").includes("vulkan") ?? true;
/** All elements in an element, at any depth. */
export function* descendants(element: Element): Generator<Element> {
  for (const part of elementsOf(element)) {
    yield part;
    yield* descendants(part);
  }
}
