package dev.bellows.engine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Finds public data sets that lie beside the project, for tests that need them: in the folder that
 * BELLOWS_DATA names, else in shared/data above the module. A test without its data is skipped with
 * the reason.
 */
public final class RealData {
  private RealData() {}

  /**
   * A file of a data set, e.g. {@code file("digits8x8/digits8x8.csv.gz")}; skips the test when it
   * is absent.
   */
  public static Path file(String name) {
    return existing(name, false);
  }

  private static Path existing(String name, boolean folderWanted) {
    String folder = System.getenv("BELLOWS_DATA");
    Path found = null;
    List<Path> roots =
        folder == null
            ? List.of(
                Path.of("../shared/data"),
                Path.of("../../shared/data"),
                Path.of("../../../shared/data"))
            : List.of(Path.of(folder));
    for (Path root : roots) {
      Path candidate = root.resolve(name).normalize();
      boolean there = folderWanted ? Files.isDirectory(candidate) : Files.isRegularFile(candidate);
      if (found == null && there) {
        found = candidate;
      }
    }
    assumeTrue(found != null, "data set " + name + " is not here: set BELLOWS_DATA to its folder");
    return java.util.Objects.requireNonNull(found);
  }

  /** A file's bytes, unpacked when its name ends in .gz. */
  public static byte[] bytes(String name) {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text files of a folder in the order of their names; skips the test when it is absent. */
  public static List<String> texts(String folder) {
    Path place = existing(folder, true);
    try (Stream<Path> files = Files.list(place)) {
      List<String> texts = new ArrayList<>();
      for (Path file : files.filter(f -> f.toString().endsWith(".txt")).sorted().toList()) {
        texts.add(Files.readString(file));
      }
      return texts;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) throws IOException {
    InputStream raw = Files.newInputStream(file(name));
    return name.endsWith(".gz") ? new GZIPInputStream(raw) : raw;
  }

  /** The cells of a CSV file (gzip by its name) without its header line. */
  public static List<String[]> csv(String name) {
    List<String[]> rows = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(open(name), StandardCharsets.UTF_8))) {
      reader.readLine();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        rows.add(line.split(",", -1));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return rows;
  }
}
