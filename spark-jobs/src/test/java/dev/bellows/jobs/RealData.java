package dev.bellows.jobs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The public data sets that some tests run on: found by the variable BELLOWS_DATA or in a folder
 * beside the checkout.
 */
public final class RealData {
  private RealData() {}

  private static Optional<Path> root() {
    String given = System.getenv("BELLOWS_DATA");
    if (given != null) {
      return Optional.of(Path.of(given)).filter(Files::isDirectory);
    }
    Path here = Path.of("").toAbsolutePath();
    for (Path p = here; p != null; p = p.getParent()) {
      Path data = p.resolve("shared/data");
      if (Files.isDirectory(data)) {
        return Optional.of(data);
      }
    }
    return Optional.empty();
  }

  /** A file of a data set; the test is skipped, with the reason, where it is not there. */
  public static Path file(String relative) {
    Optional<Path> file = root().map(r -> r.resolve(relative)).filter(Files::exists);
    assumeTrue(
        file.isPresent(),
        () ->
            "no data set file "
                + relative
                + ": set BELLOWS_DATA to the folder of the public data sets");
    return file.orElseThrow();
  }

  /**
   * The folder of the data sets, for configurations with relative paths; the test is skipped where
   * {@code needed} is not there.
   */
  public static String folder(String needed) {
    file(needed);
    return root().orElseThrow().toString();
  }
}
