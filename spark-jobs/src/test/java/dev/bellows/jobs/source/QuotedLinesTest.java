package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.config.SourceConfig.LibsvmOptions;
import dev.bellows.jobs.source.RawSchema.CellKind;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** CSV with line breaks inside quotes. */
@ExtendWith(SparkSessionExtension.class)
final class QuotedLinesTest {
  @TempDir Path dir;

  private SourceConfig source(Path file, boolean multiline, String escape) {
    CsvOptions csv =
        new CsvOptions(true, ",", "\"", escape, true, List.of(""), List.of(), "UTF-8", multiline);
    return new SourceConfig(
        SourceConfig.Format.CSV, file.toString(), null, null, csv, new LibsvmOptions(0, 1), false);
  }

  private List<List<String>> read(SparkSession spark, SourceConfig source) {
    return cells(Sources.read(spark, source, "").collectAsList());
  }

  private static List<List<String>> cells(List<Row> rows) {
    List<List<String>> out = new ArrayList<>();
    for (Row row : rows) {
      List<String> cells = new ArrayList<>();
      for (int c = 0; c < row.size(); c++) {
        cells.add(row.getString(c));
      }
      out.add(cells);
    }
    return out;
  }

  @Test
  void quotedFieldsHoldLineBreaks(SparkSession spark) throws Exception {
    String text =
        "id,\"the\nnote\",x\n"
            + "1,\"two\nlines\",3\n"
            + "2,\"a \"\"quoted\"\"\r\nword\",4\r\n"
            + "3,5\" pipe,6\n"
            + "\n"
            + "4,  \"blank before\n\n,\" ,7\n"
            + "5,\"\",8\n"
            + "6,\"last\n\"\"\",9";
    Path file = Files.writeString(dir.resolve("notes.csv"), text);
    SourceReader reader = Sources.open(spark, source(file, true, "\""), "");
    assertThat(reader.columns()).containsExactly("id", "the\nnote", "x");
    assertThat(read(spark, source(file, true, "\"")))
        .containsExactly(
            List.of("1", "two\nlines", "3"),
            List.of("2", "a \"quoted\"\r\nword", "4"),
            List.of("3", "5\" pipe", "6"),
            List.of("4", "blank before\n\n,", "7"),
            java.util.Arrays.asList("5", null, "8"),
            List.of("6", "last\n\"", "9"));
  }

  @Test
  void anEscapedQuoteDoesNotClose(SparkSession spark) throws Exception {
    String text = "id,note\n1,\"say \\\"hi\n\\\" \\\\\"\n2,b\n";
    Path file = Files.writeString(dir.resolve("escaped.csv"), text);
    assertThat(read(spark, source(file, true, "\\")))
        .containsExactly(List.of("1", "say \"hi\n\" \\"), List.of("2", "b"));
  }

  @Test
  void aLongFileIsReadAsSparkReadsIt(SparkSession spark) throws Exception {
    StringBuilder text = new StringBuilder("id,note,x\n");
    for (int row = 0; text.length() < 3 << 20; row++) { // more than one split
      long bits = Mix64.mix(row);
      text.append(row).append(",\"");
      for (int k = 0; k < 1 + Math.floorMod(bits, 6); k++) {
        text.append(
            List.of("word ", "\n", "\"\"", ",", "\n\n", "7,8\n9,")
                .get((int) Math.floorMod(bits >>> 8 * k, 6L)));
      }
      text.append("end\",").append(row % 10).append('\n');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    Path file = Files.write(dir.resolve("long.csv"), bytes);
    List<List<String>> expected =
        cells(
            spark
                .read()
                .option("header", "true")
                .option("multiLine", "true")
                .option("escape", "\"")
                .csv(file.toString())
                .collectAsList());
    assertThat(expected).hasSizeGreaterThan(50_000);
    assertThat(read(spark, source(file, true, "\""))).isEqualTo(expected);

    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    }
    Path zipped = Files.write(dir.resolve("long.csv.gz"), packed.toByteArray());
    assertThat(read(spark, source(zipped, true, "\""))).isEqualTo(expected);
  }

  @Test
  void badRowsKeepTheirLineNumbers(SparkSession spark) throws Exception {
    String text = "id,note\n1,\"two\nlines\"\nx,\"more\nlines\"\n3,ok\n";
    Path file = Files.writeString(dir.resolve("bad.csv"), text);
    SourceReader reader = Sources.open(spark, source(file, true, "\""), "");
    RawSchema schema =
        new RawSchema(
            reader.columns(), List.of(CellKind.NUMBER, CellKind.TEXT), List.of(), false, -1);
    List<RawBlock> blocks = reader.blocks(schema).collect();
    assertThat(blocks).hasSize(1);
    assertThat(blocks.get(0).rows()).isEqualTo(2);
    BadRow bad = blocks.get(0).firstBadRows().get(0);
    assertThat(bad.problem()).contains("expected a number in column 1 (id), found \"x\"");
    assertThat(reader.where(bad.file(), bad.position())).endsWith("bad.csv:4");
  }

  @Test
  void aQuoteThatIsNeverClosedIsToldWhereItIs(SparkSession spark) throws Exception {
    Path file = Files.writeString(dir.resolve("open.csv"), "id,note\n1,a\n2,\"open\n3,b\n4,c\n");
    SourceReader whole = Sources.open(spark, source(file, true, "\""), "");
    RawSchema schema =
        new RawSchema(
            whole.columns(), List.of(CellKind.NUMBER, CellKind.TEXT), List.of(), false, -1);
    RawBlock block = whole.blocks(schema).collect().get(0);
    assertThat(block.rows()).isEqualTo(1);
    BadRow bad = block.firstBadRows().get(0);
    assertThat(whole.where(bad.file(), bad.position())).endsWith("open.csv:3");
    assertThat(bad.problem()).startsWith("quote opened at character 3 is never closed in");
    assertThatThrownBy(() -> read(spark, source(file, false, "\"")))
        .hasMessageContaining("set multiline: true if fields in quotes hold line breaks");
  }
}
