package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.run.RunFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which rows of a run were data frames: they are nowhere in its folder. */
final class GivenMark {
  /** Key of run.json. */
  static final String KEY = "data_frames";

  private GivenMark() {}

  static List<String> of(GivenRows given) {
    List<String> names = new ArrayList<>();
    if (given.train() != null) {
      names.add("train");
    }
    if (given.validation() != null) {
      names.add("validation");
    }
    if (given.test() != null) {
      names.add("test");
    }
    return names;
  }

  /**
   * Refuses to go on with a run on other rows than its own.
   *
   * @throws BellowsException exit 2
   */
  static void requireSame(RunFolder folder, GivenRows given) {
    requireSame(folder.get(KEY), given, folder.dir());
  }

  /** The same with the value of {@link #KEY} in run.json. */
  static void requireSame(@Nullable Object noted, GivenRows given, String dir) {
    if (!(noted instanceof List<?> before) || before.equals(of(given))) {
      return;
    }
    throw new BellowsException(
        ExitCode.USAGE,
        "the run in "
            + dir
            + " was started on "
            + shown(before)
            + ", now there is "
            + shown(of(given))
            + "; a program that gives data frames goes on with Bellows.on(spark).resume(folder, rows)");
  }

  private static String shown(List<?> names) {
    return names.isEmpty()
        ? "configured files"
        : "data frames for "
            + names.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
