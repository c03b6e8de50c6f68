package dev.bellows.jobs.synth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SynthTest {
  @TempDir Path folder;

  @Test
  void digitsAreIdxFilesInTheLayoutOfMnist() throws Exception {
    SynthDigits.write(folder, 30, 10, 7);
    try (DataInputStream in =
        new DataInputStream(
            new GZIPInputStream(
                Files.newInputStream(folder.resolve("train-images-idx3-ubyte.gz"))))) {
      assertThat(new int[] {in.readInt(), in.readInt(), in.readInt(), in.readInt()})
          .containsExactly(2051, 30, 28, 28);
      byte[] pixels = in.readAllBytes();
      assertThat(pixels).hasSize(30 * 784);
      assertThat(Arrays.copyOf(pixels, 784)).isEqualTo(SynthDigits.image("train", 0, 7));
    }
    try (DataInputStream in =
        new DataInputStream(
            new GZIPInputStream(
                Files.newInputStream(folder.resolve("t10k-labels-idx1-ubyte.gz"))))) {
      assertThat(new int[] {in.readInt(), in.readInt()}).containsExactly(2049, 10);
      assertThat(in.readAllBytes()).hasSize(10);
    }
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(4); // no temporary file is left
    }
  }

  @Test
  void aRowDependsOnSeedAndPlaceAlone() throws Exception {
    Path few = folder.resolve("few");
    Path again = folder.resolve("again");
    SynthDigits.write(few, 20, 5, 3);
    SynthDigits.write(again, 20, 5, 3);
    for (String name :
        List.of(
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz")) {
      assertThat(few.resolve(name)).hasSameBinaryContentAs(again.resolve(name));
    }
    assertThat(SynthDigits.image("train", 5, 3)).isEqualTo(SynthDigits.image("train", 5, 3));
    assertThat(SynthDigits.image("train", 5, 3)).isNotEqualTo(SynthDigits.image("train", 5, 4));
    assertThat(SynthDigits.image("train", 5, 3)).isNotEqualTo(SynthDigits.image("t10k", 5, 3));
  }

  @Test
  void digitsHaveInkInsideAndAllClasses() {
    int[] counts = new int[10];
    for (int row = 0; row < 500; row++) {
      counts[SynthDigits.label("train", row, 7)]++;
      byte[] pixels = SynthDigits.image("train", row, 7);
      long dark = IntStream.range(0, 784).filter(i -> (pixels[i] & 0xff) > 128).count();
      assertThat(dark).as("row %d", row).isBetween(15L, 350L);
    }
    assertThat(Arrays.stream(counts).min().orElse(0)).isGreaterThan(25);
  }

  /**
   * Nearest class mean is a linear rule: it must leave much to be learnt (a linear model has 0.905
   * on 10,000 rows).
   */
  @Test
  void aLinearRuleIsNotEnough() {
    double[][] mean = new double[10][784];
    int[] counts = new int[10];
    for (int row = 0; row < 2000; row++) {
      int label = SynthDigits.label("train", row, 7);
      byte[] pixels = SynthDigits.image("train", row, 7);
      counts[label]++;
      for (int i = 0; i < 784; i++) {
        mean[label][i] += pixels[i] & 0xff;
      }
    }
    int right = 0;
    for (int row = 0; row < 500; row++) {
      byte[] pixels = SynthDigits.image("t10k", row, 7);
      int best = 0;
      double least = Double.MAX_VALUE;
      for (int c = 0; c < 10; c++) {
        double distance = 0;
        for (int i = 0; i < 784; i++) {
          double gap = (pixels[i] & 0xff) - mean[c][i] / counts[c];
          distance += gap * gap;
        }
        if (distance < least) {
          least = distance;
          best = c;
        }
      }
      right += best == SynthDigits.label("t10k", row, 7) ? 1 : 0;
    }
    assertThat(right / 500.0).isBetween(0.4, 0.9);
  }

  @Test
  void tablesHaveWhatTheirDocumentSays() throws Exception {
    Path table = folder.resolve("t.csv");
    SynthTables.table(table, 2000, 1);
    List<String> lines = Files.readAllLines(table);
    assertThat(lines.get(0)).isEqualTo("id,age,income,visits,city,plan,churn");
    assertThat(lines).hasSize(2001);
    List<String> cells = new ArrayList<>();
    long yes = 0;
    for (String line : lines.subList(1, lines.size())) {
      String[] row = line.split(",", -1);
      assertThat(row).hasSize(7);
      cells.addAll(Arrays.asList(row).subList(1, 6));
      yes += row[6].equals("yes") ? 1 : 0;
    }
    assertThat(cells.stream().filter(String::isEmpty).count() / (double) cells.size())
        .isBetween(0.04, 0.06);
    assertThat(yes / 2000.0).isBetween(0.3, 0.7);

    Path numbers = folder.resolve("r.csv");
    SynthTables.regression(numbers, 50, 1);
    assertThat(Files.readAllLines(numbers)).hasSize(51).first().isEqualTo("x1,x2,x3,x4,x5,city,y");

    Path sparse = folder.resolve("s.libsvm");
    SynthTables.libsvm(sparse, 200, 1);
    List<String> rows = Files.readAllLines(sparse);
    assertThat(rows).hasSize(200).allMatch(r -> r.matches("[+-]1( [0-9]+:1){12}"));
    assertThat(rows.stream().filter(r -> r.startsWith("+")).count()).isBetween(50L, 150L);
  }
}
