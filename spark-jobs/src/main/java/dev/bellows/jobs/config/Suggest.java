package dev.bellows.jobs.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Nearest known name. */
public final class Suggest {
  private Suggest() {}

  /** The known name nearest to a mistyped one, if near enough to be meant. */
  public static Optional<String> nearest(String typed, Collection<String> known) {
    int limit = Math.max(1, Math.min(3, typed.length() / 3));
    return known.stream()
        .filter(k -> distance(typed, k) <= limit)
        .min(
            Comparator.<String>comparingInt(k -> distance(typed, k))
                .thenComparing(Comparator.naturalOrder()));
  }

  /**
   * Edit distance with transpositions of neighbours as one edit (the optimal string alignment form
   * of Damerau, "A technique for computer detection and correction of spelling errors", CACM 1964).
   * Case and the choice of - or _ do not count.
   */
  static int distance(String a, String b) {
    String s = normal(a);
    String t = normal(b);
    int[][] d = new int[s.length() + 1][t.length() + 1];
    for (int i = 0; i <= s.length(); i++) {
      for (int j = 0; j <= t.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = s.charAt(i - 1) == t.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && s.charAt(i - 1) == t.charAt(j - 2)
            && s.charAt(i - 2) == t.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[s.length()][t.length()];
  }

  private static String normal(String name) {
    String cut = name.length() > 64 ? name.substring(0, 64) : name;
    return cut.toLowerCase(java.util.Locale.ROOT).replace('-', '_');
  }
}
