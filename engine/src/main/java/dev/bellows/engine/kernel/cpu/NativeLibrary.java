package dev.bellows.engine.kernel.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.StringJoiner;

/**
 * Loads our C library once per JVM: the build for this processor is a resource, extracted to a
 * private folder that only this user can read and that is deleted at once after loading. Folders
 * are tried in turn, because many clusters forbid loading libraries from java.io.tmpdir.
 */
final class NativeLibrary {
  private static final State STATE = load();

  /**
   * @param level {@code x86-64-v3} or {@code x86-64-v4}, empty when nothing was loaded
   */
  private record State(String level, String problem) {}

  private NativeLibrary() {}

  /** Whether the library is there. */
  static boolean loaded() {
    return STATE.problem().isEmpty();
  }

  /** The instruction set of the loaded build. */
  static String level() {
    return STATE.level();
  }

  /** Why it is not there; empty when it is. */
  static String problem() {
    return STATE.problem();
  }

  private static State load() {
    String system = System.getProperty("os.name", "") + "/" + System.getProperty("os.arch", "");
    if (!system.startsWith("Linux/")
        || !(system.endsWith("/amd64") || system.endsWith("/x86_64"))) {
      return new State("", "no kernels for " + system + ", only for Linux/amd64");
    }
    try {
      String level = Processor.read().level();
      if (level.isEmpty()) {
        return new State("", "this processor lacks AVX2 and FMA (x86-64-v3)");
      }
      StringJoiner problems = new StringJoiner("; ", "own kernels did not load: ", "");
      for (String parent : List.of("java.io.tmpdir", "user.dir", "user.home")) {
        try {
          loadResource("libbellows-" + level + ".so", Path.of(System.getProperty(parent, "")));
          return new State(level, "");
        } catch (IOException | UnsatisfiedLinkError | SecurityException e) {
          problems.add(parent + ": " + e);
        }
      }
      return new State("", problems.toString());
    } catch (UncheckedIOException e) {
      return new State("", "own kernels did not load: " + e);
    }
  }

  private static void loadResource(String name, Path parent) throws IOException {
    Path folder =
        Files.createTempDirectory(
            parent,
            ".bellows-kernels",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path file = folder.resolve(name);
    try (InputStream in = NativeLibrary.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("resource " + name + " is not in the jar");
      }
      Files.copy(in, file);
      System.load(file.toString());
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(folder);
    }
  }
}
