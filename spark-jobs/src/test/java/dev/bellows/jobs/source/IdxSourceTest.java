package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.config.SourceConfig.LibsvmOptions;
import dev.bellows.jobs.source.RawSchema.CellKind;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
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
class IdxSourceTest {
  private static final int COUNT = 7;
  private static final int SIDE = 3;

  @TempDir Path dir;
  private SparkSession spark;

  @BeforeEach
  void session(SparkSession session) {
    spark = session;
  }

  private static byte[] images(int magic, int count, int stored) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(magic);
    out.writeInt(count);
    out.writeInt(SIDE);
    out.writeInt(SIDE);
    for (int i = 0; i < stored * SIDE * SIDE; i++) {
      out.write(i * 31 % 256);
    }
    return bytes.toByteArray();
  }

  private static byte[] labels(int count, int stored) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(2049);
    out.writeInt(count);
    for (int i = 0; i < stored; i++) {
      out.write(i % 3);
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      gz.write(bytes);
    }
    return out.toByteArray();
  }

  private List<RawBlock> read(byte[] images, byte[] labels, String suffix) throws IOException {
    Path imageFile = Files.write(dir.resolve("images" + suffix), images);
    Path labelFile = Files.write(dir.resolve("labels" + suffix), labels);
    SourceConfig config =
        new SourceConfig(
            SourceConfig.Format.IDX,
            null,
            imageFile.toString(),
            labelFile.toString(),
            new CsvOptions(true, ",", "\"", "\"", true, List.of(), List.of(), "UTF-8", false),
            new LibsvmOptions(0, 1),
            false);
    SourceReader source = Sources.open(spark, config, "");
    RawSchema schema =
        new RawSchema(source.columns(), List.of(CellKind.NUMBER), source.imageShape(), false, -1);
    return source.blocks(schema).collect();
  }

  private String failure(byte[] images, byte[] labels, String suffix) throws IOException {
    return read(images, labels, suffix).stream()
        .map(RawBlock::failure)
        .filter(f -> f != null)
        .findFirst()
        .orElse("none");
  }

  @Test
  void plain_and_gzip_files_hold_the_same_rows() throws IOException {
    List<RawBlock> plain = read(images(2051, COUNT, COUNT), labels(COUNT, COUNT), "");
    List<RawBlock> zipped =
        read(gzip(images(2051, COUNT, COUNT)), gzip(labels(COUNT, COUNT)), ".gz");
    assertThat(zipped).hasSize(1);
    RawBlock block = zipped.get(0);
    assertThat(block.rows()).isEqualTo(COUNT);
    assertThat(block.column(0).numbers()).containsExactly(0, 1, 2, 0, 1, 2, 0);
    assertThat(block.pixels()[10] & 0xff).isEqualTo(310 % 256);
    assertThat(plain.get(0).pixels()).isEqualTo(block.pixels());
    assertThat(plain.get(0).contentHashes()).isEqualTo(block.contentHashes());
  }

  @Test
  void rows_of_a_data_frame() throws IOException {
    read(images(2051, COUNT, COUNT), labels(COUNT, COUNT), "");
    SourceReader source =
        new IdxSource(
            spark,
            SourceFiles.list(spark.sparkContext().hadoopConfiguration(), dir.toString(), "images"),
            null);
    List<Row> rows = source.rows().collectAsList();
    assertThat(rows).hasSize(COUNT);
    assertThat(rows.get(1).<byte[]>getAs("image")).hasSize(SIDE * SIDE);
  }

  @Test
  void fault_51_headers_are_checked() throws IOException {
    byte[] good = images(2051, COUNT, COUNT);
    byte[] goodLabels = labels(COUNT, COUNT);
    assertThatThrownBy(() -> read(goodLabels, good, ""))
        .hasMessageContaining("magic 0x00000801")
        .hasMessageContaining("swapped");
    assertThatThrownBy(() -> read(good, good, ""))
        .hasMessageContaining("expected an IDX label file, magic 0x00000801");
    assertThatThrownBy(() -> read(good, labels(9, 9), ""))
        .hasMessageContaining("declares 9 labels")
        .hasMessageContaining("7 images");
    assertThatThrownBy(() -> read(Arrays.copyOf(good, 9), goodLabels, ""))
        .hasMessageContaining("ends inside its header");
    assertThatThrownBy(() -> read(images(2051, -1, 1), goodLabels, ""))
        .hasMessageContaining("declares -1 images");
  }

  @Test
  void fault_45_lengths_are_checked_before_and_while_reading() throws IOException {
    byte[] goodLabels = labels(COUNT, COUNT);
    assertThatThrownBy(() -> read(images(2051, COUNT, COUNT - 1), goodLabels, ""))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("so 79 bytes in all; it has 70");
    assertThat(failure(gzip(images(2051, COUNT, COUNT - 1)), gzip(goodLabels), ".gz"))
        .contains("ends inside image 7; its header declares 7 images of 9 bytes");
    assertThat(failure(gzip(images(2051, COUNT, COUNT + 1)), gzip(goodLabels), ".gz"))
        .contains("holds more bytes than its header declares");
    assertThat(failure(gzip(images(2051, COUNT, COUNT)), gzip(labels(COUNT, COUNT - 2)), ".gz"))
        .contains("has fewer labels");
    assertThatThrownBy(() -> read(gzip(images(2051, 1 << 20, 1)), goodLabels, ".gz"))
        .hasMessageContaining("cannot hold them (gzip reaches 1032 to 1 at most)");
    byte[] cut = gzip(images(2051, COUNT, COUNT));
    assertThat(failure(Arrays.copyOf(cut, cut.length - 30), gzip(goodLabels), ".gz"))
        .contains("images.gz");
  }
}
