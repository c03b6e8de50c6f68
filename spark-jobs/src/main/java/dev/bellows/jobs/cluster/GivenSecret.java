package dev.bellows.jobs.cluster;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A secret that was given from outside, as stand-alone servers need: by a file that only its owner
 * can read, or by an environment variable. There is no option for it: a command line is seen by
 * everybody on the machine.
 */
public final class GivenSecret {
  /** Variable that names the file. */
  public static final String FILE = "BELLOWS_SECRET_FILE";

  /** Variable that holds the secret. */
  public static final String VALUE = "BELLOWS_SECRET";

  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private GivenSecret() {}

  /**
   * The secret that the environment gives, or null when it gives none.
   *
   * @throws BellowsException exit 9 when the file can't be read, is open to others or empty
   */
  public static @Nullable String of(Map<String, String> environment) {
    String file = environment.get(FILE);
    if (file != null && !file.isEmpty()) {
      return read(Path.of(file));
    }
    String value = environment.get(VALUE);
    return value == null || value.isBlank() ? null : value.strip();
  }

  /**
   * Reads a file that holds nothing but the secret; white space around it is left out.
   *
   * @throws BellowsException exit 9 when it can't be read, is open to others or empty
   */
  public static String read(Path file) {
    try {
      if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
        for (PosixFilePermission permission :
            Files.getPosixFilePermissions(file, new LinkOption[0])) {
          if (OTHERS.contains(permission)) {
            throw refused("others may read or change " + file + ": chmod 600 " + file, null);
          }
        }
      }
      String secret = Files.readString(file, StandardCharsets.UTF_8).strip();
      if (secret.isEmpty()) {
        throw refused(file + " is empty: it must hold the secret and nothing else", null);
      }
      return secret;
    } catch (IOException e) {
      throw refused("the secret file " + file + " can't be read (" + e + ")", e);
    }
  }

  private static BellowsException refused(String why, @Nullable Throwable cause) {
    return new BellowsException(ExitCode.AUTHENTICATION, why, cause);
  }
}
