package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A regular expression whose named groups are the columns of a line. */
public final class LinePattern {
  private static final Pattern GROUP = Pattern.compile("\\\\.|\\(\\?<([A-Za-z][A-Za-z0-9]*)>");

  private LinePattern() {}

  /**
   * Names of the groups in order.
   *
   * @throws IllegalArgumentException when the text is no regular expression
   */
  public static List<String> columns(String pattern) {
    Pattern.compile(pattern); // a wrong one is refused here
    List<String> names = new ArrayList<>();
    Matcher groups = GROUP.matcher(pattern);
    while (groups.find()) {
      if (groups.group(1) != null) {
        names.add(groups.group(1));
      }
    }
    return names;
  }
}
