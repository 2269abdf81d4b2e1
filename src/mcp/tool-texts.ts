/** What the tools say of themselves, for the page about them. */
import { z } from "zod";
import { TOOLS } from "./tools/index.ts";

/** A tool and its parameters, as an agent sees them. */
export interface ToolText {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    /** As in `string[]` or `1 to 100`. */
    readonly type: string;
    readonly isRequired: boolean;
    readonly description: string;
  }[];
}

interface PropertySchema {
  readonly type?: string;
  readonly items?: PropertySchema;
  readonly anyOf?: readonly PropertySchema[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description?: string;
}

/** All tools, from their schemas. */
export function toolTexts(): ToolText[] {
  return TOOLS.map(({ name, description, input }) => {
    const schema = z.toJSONSchema(input, { io: "input" });
    const properties = Object.entries(schema.properties ?? {}) as [string, PropertySchema][];
    return {
      name,
      description,
      parameters: properties.map(([parameter, property]) => ({
        name: parameter,
        type: typeText(property),
        isRequired: schema.required?.includes(parameter) === true,
        description: property.description ?? "",
      })),
    };
  });
}

function typeText(property: PropertySchema): string {
  const { type, items, anyOf, enum: choices, minimum, maximum, default: preset } = property;
  const presetText = preset === undefined ? "" : ` (${JSON.stringify(preset)})`;
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice)).join(", ") + presetText;
  if (anyOf !== undefined) return anyOf.map(typeText).join(" or ");
  if (items !== undefined) return `${typeText(items)}[]`;
  const range = minimum === undefined || maximum === undefined ? "" : ` from ${minimum} to ${maximum}`;
  return `${type ?? "any"}${range}${presetText}`;
}
