package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.RealData;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.SourceConfig.Cifar;
import dev.bellows.jobs.source.RawSchema.CellKind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SparkSessionExtension.class)
class CifarSourceTest {
  @TempDir Path dir;
  private SparkSession spark;

  @BeforeEach
  void session(SparkSession session) {
    spark = session;
  }

  /**
   * Records whose red is 1, green 2 and blue 3 times the record's number; the first pixel differs.
   */
  static byte[] records(int count, int labelBytes) {
    int size = labelBytes + 3072;
    byte[] bytes = new byte[count * size];
    for (int r = 0; r < count; r++) {
      int at = r * size;
      bytes[at] = (byte) (r % 3);
      bytes[at + labelBytes - 1] = (byte) (labelBytes == 1 ? r % 3 : 10 + r);
      for (int c = 0; c < 3; c++) {
        Arrays.fill(
            bytes,
            at + labelBytes + c * 1024,
            at + labelBytes + (c + 1) * 1024,
            (byte) ((c + 1) * r));
        bytes[at + labelBytes + c * 1024] = (byte) (200 + c);
      }
    }
    return bytes;
  }

  static Path gzip(Path file, byte[] bytes) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(bytes);
    }
    return file;
  }

  private List<RawBlock> read(String path, Cifar variant) {
    SourceReader source = source(path, variant);
    RawSchema schema =
        new RawSchema(source.columns(), List.of(CellKind.NUMBER), source.imageShape(), false, -1);
    return source.blocks(schema).collect();
  }

  private SourceReader source(String path, Cifar variant) {
    return new CifarSource(
        spark,
        SourceFiles.list(spark.sparkContext().hadoopConfiguration(), dir.toString(), path),
        variant);
  }

  @Test
  void planes_become_pixels_in_plain_and_gzip_files() throws IOException {
    Files.write(dir.resolve("a.bin"), records(5, 1));
    gzip(dir.resolve("b.bin.gz"), records(4, 1));
    List<RawBlock> blocks = read("*.bin*", Cifar.CIFAR10);
    assertThat(blocks).hasSize(2);
    RawBlock block = blocks.get(0);
    assertThat(block.rows()).isEqualTo(5);
    assertThat(block.channels()).isEqualTo(3);
    assertThat(block.column(0).numbers()).containsExactly(0, 1, 2, 0, 1);
    assertThat(Arrays.copyOfRange(block.pixels(), 2 * 3072, 2 * 3072 + 6))
        .containsExactly((byte) 200, (byte) 201, (byte) 202, (byte) 2, (byte) 4, (byte) 6);
    assertThat(blocks.get(1).rows()).isEqualTo(4);
    assertThat(blocks.get(1).contentHashes()).isEqualTo(Arrays.copyOf(block.contentHashes(), 4));
    List<Row> rows = source("a.bin", Cifar.CIFAR10).rows().collectAsList();
    assertThat(rows).hasSize(5);
    assertThat(rows.get(1).<byte[]>getAs("image")).hasSize(3072);
  }

  @Test
  void two_label_bytes_of_which_one_counts() throws IOException {
    Files.write(dir.resolve("c.bin"), records(3, 2));
    assertThat(read("c.bin", Cifar.CIFAR100_FINE).get(0).column(0).numbers())
        .containsExactly(10, 11, 12);
    assertThat(read("c.bin", Cifar.CIFAR100_COARSE).get(0).column(0).numbers())
        .containsExactly(0, 1, 2);
  }

  @Test
  void damaged_files_name_the_record() throws IOException {
    Files.write(dir.resolve("short.bin"), Arrays.copyOf(records(2, 1), 4000));
    assertThatThrownBy(() -> source("short.bin", Cifar.CIFAR10))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("short.bin has 4000 bytes, which is not a multiple of the 3073")
        .hasMessageContaining("another variant");
    gzip(dir.resolve("short.bin.gz"), Arrays.copyOf(records(2, 1), 4000));
    assertThat(read("short.bin.gz", Cifar.CIFAR10).get(0).failure())
        .contains("ends inside record 2: it has 927 of 3073 bytes");
    byte[] wrong = records(3, 1);
    wrong[3073] = 77;
    Files.write(dir.resolve("label.bin"), wrong);
    RawBlock block = read("label.bin", Cifar.CIFAR10).get(0);
    assertThat(block.rows()).isEqualTo(2);
    BadRow bad = block.firstBadRows().get(0);
    assertThat(bad.problem()).startsWith("expected a label in 0..9, found 77");
    assertThat(source("label.bin", Cifar.CIFAR10).where(bad.file(), bad.position()))
        .endsWith("label.bin record 2");
  }

  /** The first records of the original data, which were stored without loss. */
  @Test
  void original_records_are_read_bit_by_bit() {
    Path file = RealData.file("cifar10-subset/exact_first250.bin.gz");
    RawBlock block = read(file.toString(), Cifar.CIFAR10).get(0);
    assertThat(block.rows()).isEqualTo(250);
    assertThat(Arrays.copyOf(block.column(0).numbers(), 10))
        .containsExactly(6, 9, 9, 4, 1, 1, 2, 7, 8, 3);
    assertThat(Arrays.copyOf(block.pixels(), 3))
        .as("published first pixel of the first image: 59, 62, 63")
        .containsExactly((byte) 59, (byte) 62, (byte) 63);
  }
}
