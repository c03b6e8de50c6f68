package dev.bellows.jobs.source;

import java.nio.charset.StandardCharsets;

/** The first 80 characters of something seen, printable, for an error message. */
final class Excerpt {
  private static final int MAX_CHARS = 80;

  private Excerpt() {}

  static String of(byte[] b, int from, int to) {
    return of(new String(b, from, Math.min(to - from, 4 * MAX_CHARS), StandardCharsets.UTF_8));
  }

  static String of(String text) {
    StringBuilder s = new StringBuilder();
    for (int i = 0; i < text.length() && i < MAX_CHARS; i++) {
      char c = text.charAt(i);
      s.append(c == '\t' ? "\\t" : Character.isISOControl(c) ? "?" : String.valueOf(c));
    }
    return text.length() > MAX_CHARS ? s + "..." : s.toString();
  }
}
