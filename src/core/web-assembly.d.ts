// What gw uses of WebAssembly's interface: TypeScript declares it for browsers only, together with all of the DOM.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { readonly shared: true; readonly initial: number; readonly maximum: number });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): readonly object[];
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, Memory>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
