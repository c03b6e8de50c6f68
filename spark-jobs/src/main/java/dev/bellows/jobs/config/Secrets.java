package dev.bellows.jobs.config;

import java.util.regex.Pattern;

/** Secrets have no place in a configuration: files are copied into run folders and reports. */
final class Secrets {
  static final String ADVICE =
      "secrets don't belong in a configuration, which is copied into the run folder; give it by file or environment"
          + " (spark.authenticate.secret in a --properties-file that only you can read, or the variables of your storage)";

  private static final Pattern IN_URL =
      Pattern.compile("^[a-z][a-z0-9+.-]*://[^/@\\s]*:[^/@\\s]+@", Pattern.CASE_INSENSITIVE);
  private static final Pattern ACCESS_KEY =
      Pattern.compile("\\b(AKIA|ASIA)[0-9A-Z]{16}\\b|-----BEGIN [A-Z ]*PRIVATE KEY");

  private Secrets() {}

  /** Notes every value that holds a secret. The value itself is never shown. */
  static void check(Tree tree, String path, Binding binding) {
    if (tree instanceof Tree.Text text) {
      if (IN_URL.matcher(text.value()).find() || ACCESS_KEY.matcher(text.value()).find()) {
        binding.problem(text.mark(), path, ADVICE);
      }
    } else if (tree instanceof Tree.Many many) {
      for (int i = 0; i < many.items().size(); i++) {
        check(many.items().get(i), path + "[" + i + "]", binding);
      }
    } else if (tree instanceof Tree.Fields fields) {
      fields
          .fields()
          .forEach((name, field) -> check(field.value(), Section.join(path, name), binding));
    }
  }
}
