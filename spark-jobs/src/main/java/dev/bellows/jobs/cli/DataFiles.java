package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.config.SourceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Missing local files are found before Spark starts. */
final class DataFiles {
  private DataFiles() {}

  /**
   * Looks at every local path that is no glob.
   *
   * @throws BellowsException exit 4 naming all that are missing
   */
  static void check(DataConfig data) {
    List<String> missing = new ArrayList<>();
    for (@Nullable SourceConfig source :
        Arrays.asList(
            data.train(), data.validation().source(), data.test().source(), data.input())) {
      if (source != null) {
        for (@Nullable String path :
            Arrays.asList(source.path(), source.images(), source.labels())) {
          if (path != null && isMissing(path)) {
            missing.add(path);
          }
        }
      }
    }
    if (!missing.isEmpty()) {
      throw new BellowsException(
          ExitCode.DATA,
          (missing.size() == 1 ? "no such file: " : "no such files: ")
              + String.join(", ", missing)
              + "; relative paths start at --data-dir, else BELLOWS_DATA, else the working folder");
    }
  }

  private static boolean isMissing(String path) {
    String local = path.startsWith("file:/") ? path.replaceFirst("^file:/+", "/") : path;
    boolean remote = local.matches("[A-Za-z][A-Za-z0-9+.-]*:/.*");
    boolean glob = local.matches(".*[*?\\[{].*");
    return !remote && !glob && !Files.exists(Path.of(Objects.requireNonNull(local)));
  }
}
