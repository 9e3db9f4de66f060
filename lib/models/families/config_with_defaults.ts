import { ConfigReader } from "../tensors/config_reader.ts";

/**
 * A config whose missing fields have defaults: the inner configs of a
 * vision-language model leave out what equals their class's.
 */
export class ConfigWithDefaults extends ConfigReader {
  readonly #given: ConfigReader;

  /**
   * @param given What the config.json says.
   * @param defaults What holds where it says nothing.
   * @param path Where the config stands, for messages.
   */
  constructor(
    given: ConfigReader,
    defaults: Readonly<Record<string, unknown>>,
    path: string,
  ) {
    super({ ...defaults }, path, given.problems, given.savedBy, given.doubts);
    this.#given = given;
  }

  override has(key: string): boolean {
    return this.#given.has(key) || super.has(key);
  }

  override isNull(key: string): boolean {
    return this.#given.isNull(key);
  }

  override optional(...keys: string[]): number | null {
    const given = this.#given.optional(...keys);
    // Null says that there is none, silence that the class's holds.
    return given !== null || keys.some((key) => this.#given.isNull(key))
      ? given
      : super.optional(...keys);
  }

  override number(key: string, fallback: number): number {
    return this.#given.number(key, super.number(key, fallback));
  }

  override flag(key: string, fallback: boolean): boolean {
    return this.#given.flag(key, super.flag(key, fallback));
  }

  override text(key: string, fallback: string): string {
    return this.#given.text(key, super.text(key, fallback));
  }

  override numbers(key: string): number[] {
    return this.#given.has(key) ? this.#given.numbers(key) : super.numbers(key);
  }

  override texts(key: string): string[] {
    return this.#given.has(key) ? this.#given.texts(key) : super.texts(key);
  }

  override keys(key: string): string[] {
    return this.#given.has(key) ? this.#given.keys(key) : super.keys(key);
  }

  override inner(key: string): ConfigReader {
    return this.#given.has(key) ? this.#given.inner(key) : super.inner(key);
  }
}
