package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Steps {@code from} to {@code to - 1} of a run, counted from 0 as in its ledger.
 *
 * @param from the first step
 * @param to the first step that is not meant; {@code Long.MAX_VALUE}: up to the last one
 */
public record StepRange(long from, long to) {
  private static final Pattern FORM = Pattern.compile("(\\d{0,18}):(\\d{0,18})");

  /**
   * Reads {@code A:B}, {@code A:} or {@code :B}.
   *
   * @throws BellowsException exit 2 when it is no range, or an empty one
   */
  public static StepRange parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw refused(text);
    }
    StepRange range =
        new StepRange(
            m.group(1).isEmpty() ? 0 : Long.parseLong(m.group(1)),
            m.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(m.group(2)));
    if (range.from >= range.to) {
      throw refused(text);
    }
    return range;
  }

  private static BellowsException refused(String text) {
    return new BellowsException(
        ExitCode.USAGE,
        "--steps: expected A:B for steps A to B-1, with A below B (\"100:200\", \":50\", \"100:\"),"
            + " found \""
            + text
            + "\"");
  }
}
