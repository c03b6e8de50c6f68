package dev.bellows.jobs.config;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where relative data paths start: {@code --data-dir}, else the variable {@code BELLOWS_DATA}, else
 * the working folder. Paths with a scheme ({@code hdfs://}, {@code s3a://}) and absolute ones stay
 * as they are.
 *
 * @param base absolute folder
 */
public record DataPaths(Path base) {
  static final String VARIABLE = "BELLOWS_DATA";

  /** The folder by the order of strength above. */
  public static DataPaths of(@Nullable Path dataDir, Map<String, String> environment) {
    String variable = environment.getOrDefault(VARIABLE, "");
    Path base = dataDir != null ? dataDir : Path.of(variable);
    return new DataPaths(base.toAbsolutePath().normalize());
  }

  @Nullable String resolve(@Nullable String path) {
    if (path == null || path.matches("[A-Za-z][A-Za-z0-9+.-]*:/.*") || path.startsWith("/")) {
      return path;
    }
    String joined = base + "/" + path; // not Path.resolve: globs and a final slash must survive
    return joined.replace("/./", "/");
  }
}
