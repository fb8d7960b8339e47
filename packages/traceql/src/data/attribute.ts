/**
 * Where an attribute is looked for. `any` is what `.name` means: the span first, then the resource.
 */
export type AttributeScope = 'any' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation';

export interface NamedAttribute {
  readonly kind: 'attribute';
  readonly scope: AttributeScope;
  readonly name: string;
  /** The attribute of the parent span: `parent.name`. */
  readonly ofParent: boolean;
}

/** Fields that every span has, by the name under which Tempo prints them. */
export const intrinsics = [
  'duration',
  'name',
  'status',
  'statusMessage',
  'kind',
  'parent',
  'rootName',
  'rootServiceName',
  'traceDuration',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'span:id',
  'span:parentID',
  'span:childCount',
  'trace:id',
  'event:name',
  'event:timeSinceStart',
  'link:traceID',
  'link:spanID',
  'instrumentation:name',
  'instrumentation:version',
] as const;

export type IntrinsicName = (typeof intrinsics)[number];

export interface Intrinsic {
  readonly kind: 'intrinsic';
  readonly name: IntrinsicName;
}

export type Attribute = NamedAttribute | Intrinsic;
