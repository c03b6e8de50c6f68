package dev.bellows.jobs.config;

import dev.bellows.jobs.config.RunConfig.Kind;
import java.util.LinkedHashMap;
import java.util.Map;

/** JSON Schema (draft 2020-12) of configuration files, for editors. */
public final class JsonSchema {
  private JsonSchema() {}

  /** The schema of one kind of file as a tree of maps, lists, strings, numbers and booleans. */
  public static Map<String, Object> of(Kind kind) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "Bellows configuration: " + kind.name().toLowerCase(java.util.Locale.ROOT));
    schema.putAll(ConfigKeys.root(kind).schema());
    return schema;
  }
}
