package dev.bellows.engine.model;

import java.util.List;
import java.util.Map;

/**
 * The text of MODEL_CARD.md (M. Mitchell et al.: Model Cards for Model Reporting, FAT* 2019): what
 * the model is, on what it was trained, how well it does, and what nobody has checked.
 */
public final class ModelCard {
  private ModelCard() {}

  /**
   * Renders a card. Names that come from the data are escaped.
   *
   * @param name the run's name
   * @param summary the network, as plain text, one line per layer
   * @param facts e.g. "rows" to "54,000 train / 6,000 validation"
   * @param metrics name to value on the validation rows
   * @param warnings what the data check found
   */
  public static String render(
      String name,
      String task,
      String summary,
      Map<String, String> facts,
      Map<String, Double> metrics,
      Provenance provenance,
      List<String> warnings) {
    StringBuilder out = new StringBuilder();
    out.append("# Model card: ").append(text(name)).append("\n\n");
    out.append("A model for ").append(text(task)).append(", trained by Bellows ");
    out.append(Provenance.BELLOWS_VERSION).append(".\n\n## Network\n\n");
    for (String line : summary.lines().toList()) {
      out.append("    ").append(line.replaceAll("\\p{Cntrl}", " ")).append('\n');
    }
    out.append("\n## Data and training\n\n");
    facts.forEach((key, value) -> row(out, key, value));
    out.append("\n## Results on the validation rows\n\n");
    if (metrics.isEmpty()) {
      out.append("None: the run had no validation rows.\n");
    }
    metrics.forEach((key, value) -> row(out, key, Double.isNaN(value) ? "undefined" : "" + value));
    out.append("\n## Provenance\n\n");
    row(out, "configuration SHA-256", provenance.configSha256());
    row(out, "data fingerprint", provenance.dataFingerprint());
    row(out, "seed", Long.toString(provenance.seed()));
    row(out, "kernels", provenance.kernels());
    provenance.versions().forEach((key, value) -> row(out, key, value));
    out.append("\n## Limits\n\n");
    for (String warning : warnings) {
      out.append("- ").append(text(warning)).append('\n');
    }
    out.append(
        "- Known only on data like the training data; fairness across groups was not assessed.\n");
    out.append(
        "- The files load without running code; check them with `sha256sum -c SHA256SUMS`.\n");
    return out.toString();
  }

  private static void row(StringBuilder out, String key, String value) {
    out.append("- ").append(text(key)).append(": ").append(text(value)).append('\n');
  }

  // Column and class names come from the data: no markup, no line breaks.
  private static String text(String raw) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (Character.isISOControl(c)) {
        out.append(' ');
      } else if (c == '<') {
        out.append("&lt;");
      } else if (c == '&') {
        out.append("&amp;");
      } else if ("`[]|\\".indexOf(c) >= 0) {
        out.append('\\').append(c);
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
