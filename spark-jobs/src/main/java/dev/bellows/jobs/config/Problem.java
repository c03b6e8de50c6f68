package dev.bellows.jobs.config;

import java.util.List;

/**
 * One thing wrong with a configuration.
 *
 * @param origin file name, {@code --set} or {@code BELLOWS_SET}
 * @param line line from 1; 0 when the value has no place in a file
 * @param column column from 1
 * @param key dotted key, e.g. {@code trainer.epochs}; may be empty
 * @param message what was expected and what was found
 */
public record Problem(String origin, int line, int column, String key, String message) {
  static String report(String file, List<Problem> problems) {
    StringBuilder text = new StringBuilder();
    text.append(file).append(": ").append(problems.size());
    text.append(problems.size() == 1 ? " problem" : " problems").append(", nothing was started");
    int place = 0;
    int key = 0;
    for (Problem p : problems) {
      place = Math.max(place, p.place(file).length());
      key = Math.max(key, Math.min(40, p.key.length()));
    }
    for (Problem p : problems) {
      text.append(System.lineSeparator()).append("  ").append(pad(p.place(file), place));
      text.append("  ").append(pad(p.key, key)).append("  ").append(p.message);
    }
    return text.toString();
  }

  private String place(String file) {
    String at = line > 0 ? line + ":" + column : "";
    return origin.equals(file) ? at : at.isEmpty() ? origin : origin + ":" + at;
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
