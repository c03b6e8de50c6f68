package dev.bellows.jobs.config;

import org.jspecify.annotations.Nullable;

/**
 * One key of the table.
 *
 * @param name as in the file
 * @param spec what the value may be
 * @param fallback default as YAML text; null: the key is required
 * @param doc one or two sentences
 * @param example a value as YAML text
 */
record Key(String name, Spec spec, @Nullable String fallback, String doc, String example) {
  boolean required() {
    return fallback == null;
  }
}
