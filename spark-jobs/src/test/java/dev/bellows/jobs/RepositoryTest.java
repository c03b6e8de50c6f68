package dev.bellows.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the repository as a whole promises: small files, and no line in docs/faults.md without its
 * test.
 */
class RepositoryTest {
  private static final int LINE_CAP = 700;
  private static final Path ROOT = root();

  @Test
  void noSourceFileIsTooLongToHoldInTheHead() {
    List<Integer> mainSizes = new ArrayList<>();
    List<String> tooLong = new ArrayList<>();
    for (Path file : sources()) {
      int lines = lines(file).size();
      if (file.toString().contains("/src/main/java/")) {
        mainSizes.add(lines);
      }
      if (lines > LINE_CAP) {
        tooLong.add(lines + " " + ROOT.relativize(file));
      }
    }
    mainSizes.sort(null);
    System.out.printf(
        "size report: %d main files, median %d lines, p95 %d, longest %d%n",
        mainSizes.size(),
        mainSizes.get(mainSizes.size() / 2),
        mainSizes.get(mainSizes.size() * 95 / 100),
        mainSizes.get(mainSizes.size() - 1));
    assertThat(tooLong).as("files over %d lines", LINE_CAP).isEmpty();
  }

  @Test
  void everyFaultRowListedAsDoneHasATestNamedByIt() {
    Set<String> tested = new TreeSet<>();
    Pattern name = Pattern.compile("void\\s+fault_(\\d{1,2})_");
    for (Path file : sources()) {
      if (file.toString().contains("/src/test/java/")) {
        for (String line : lines(file)) {
          Matcher m = name.matcher(line);
          if (m.find()) {
            tested.add(String.valueOf(Integer.parseInt(m.group(1))));
          }
        }
      }
    }
    List<String> missing = new ArrayList<>();
    int done = 0;
    Pattern row = Pattern.compile("^\\|\\s*(\\d{1,2})\\s*\\|.*\\|\\s*done\\b.*$");
    for (String line : lines(ROOT.resolve("docs/faults.md"))) {
      Matcher m = row.matcher(line);
      if (m.find()) {
        done++;
        if (!tested.contains(m.group(1))) {
          missing.add(m.group(1));
        }
      }
    }
    assertThat(done).as("rows marked done in docs/faults.md").isPositive();
    assertThat(missing)
        .as("rows of docs/faults.md marked done that no test fault_NN_... covers")
        .isEmpty();
  }

  private static List<Path> sources() {
    List<Path> out = new ArrayList<>();
    for (String module : List.of("engine", "ps-server", "spark-jobs")) {
      try (Stream<Path> walk = Files.walk(ROOT.resolve(module).resolve("src"))) {
        walk.filter(p -> p.toString().matches(".*\\.(java|c|h|cu|sh)")).forEach(out::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return out;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("mvnw")) ? here : here.getParent();
  }
}
