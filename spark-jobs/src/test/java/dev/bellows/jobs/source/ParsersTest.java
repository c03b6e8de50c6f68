package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.config.SourceConfig.LibsvmOptions;
import dev.bellows.jobs.source.RawSchema.CellKind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lines of CSV and LibSVM to rows, without Spark. */
class ParsersTest {
  private static CsvOptions csv(
      String separator, String quote, String escape, boolean trim, String... na) {
    return new CsvOptions(
        false, separator, quote, escape, trim, List.of(na), List.of(), "UTF-8", false);
  }

  private static final CsvOptions PLAIN = csv(",", "\"", "\"", true, "?", "NA");

  private static List<String> fields(CsvOptions options, String line) {
    byte[] b = line.getBytes(StandardCharsets.UTF_8);
    return new CsvParser(options, 0, List.of()).fields(b, b.length);
  }

  private static RawBlock parse(LineParser parser, RawSchema schema, String... lines)
      throws LineException {
    RawBlockBuilder builder = new RawBlockBuilder(schema);
    builder.beginBlock("file");
    for (int i = 0; i < lines.length; i++) {
      byte[] b = lines[i].getBytes(StandardCharsets.UTF_8);
      parser.parse(b, b.length, 100 + i, builder);
    }
    return builder.build();
  }

  private static RawBlock csv(CsvOptions options, CellKind kind, String... lines)
      throws LineException {
    RawSchema schema = new RawSchema(List.of("a", "b"), List.of(kind, kind), List.of(), false, -1);
    return parse(new CsvParser(options, 2, List.of()), schema, lines);
  }

  private static RawBlock libsvm(int features, int base, String... lines) throws LineException {
    RawSchema schema = new RawSchema(List.of("label"), List.of(CellKind.AUTO), List.of(), true, -1);
    return parse(new LibsvmParser(new LibsvmOptions(features, base)), schema, lines);
  }

  @Test
  void csv_fields() {
    assertThat(fields(PLAIN, "a, b ,,\"c, d\",\"e \"\"f\"\"\", \" g \" ,"))
        .containsExactly("a", "b", "", "c, d", "e \"f\"", " g ", "");
    assertThat(fields(csv(",", "\"", "\\", false), " a,\"b\\\"c\\\\\",\"\""))
        .containsExactly(" a", "b\"c\\", "");
    assertThat(fields(csv("\t", "", "", true), "a b\t\"q\t c ")).containsExactly("a b", "\"q", "c");
    assertThat(fields(csv(";", "'", "'", true), "'x;y';z'z")).containsExactly("x;y", "z'z");
  }

  @Test
  void csv_cells_are_numbers_text_or_missing() throws LineException {
    RawBlock block = csv(PLAIN, CellKind.AUTO, "1,x", "?,NA", "2.5,", "", "007,\"3\"");
    assertThat(block.rows()).isEqualTo(4);
    assertThat(block.column(0).numbers()).containsExactly(1, Double.NaN, 2.5, Double.NaN);
    assertThat(block.column(0).textCode(3)).isEqualTo(0);
    assertThat(block.column(0).dictionary()).containsExactly("007");
    assertThat(block.column(1).textCode(0)).isEqualTo(0);
    assertThat(block.column(1).textCode(1)).isEqualTo(-1);
    assertThat(block.column(1).numbers()[3]).isEqualTo(3);
    assertThat(block.position(3)).isEqualTo(104);
  }

  @Test
  void a_rejected_row_leaves_no_trace() throws LineException {
    RawBlock block = csv(PLAIN, CellKind.AUTO, "1,x", "2", "3,y,z", "\"open,1", "4,w");
    assertThat(block.rows()).isEqualTo(2);
    assertThat(block.badRows()).isEqualTo(3);
    assertThat(block.column(0).numbers()).containsExactly(1, 4);
    assertThat(block.contentHashes())
        .isEqualTo(csv(PLAIN, CellKind.AUTO, "1,x", "4,w").contentHashes());
    assertThat(block.firstBadRows()).extracting(BadRow::position).containsExactly(101L, 102L, 103L);
  }

  @Test
  void content_hash_does_not_depend_on_spelling_of_missing_or_quotes() throws LineException {
    long[] h =
        csv(PLAIN, CellKind.AUTO, "1,x", "1, x", "\"1\",\"x\"", "?,x", "NA,x", ",x", "2,x", "x,1")
            .contentHashes();
    assertThat(h[1]).isEqualTo(h[0]);
    assertThat(h[2]).isEqualTo(h[0]);
    assertThat(h[4]).isEqualTo(h[3]);
    assertThat(h[5]).isEqualTo(h[3]);
    assertThat(h[6]).isNotEqualTo(h[0]);
    assertThat(h[7]).isNotEqualTo(h[0]);
  }

  @Test
  void csv_separator_must_be_one_character() {
    assertThatThrownBy(() -> new CsvParser(csv("::", "\"", "\"", true), 2, List.of()))
        .hasMessageContaining("expected one ASCII character");
  }

  @Test
  void libsvm_rows() throws LineException {
    RawBlock block =
        libsvm(0, 1, "+1 3:1 5:-0.5 # note", "", "-1", "# only a comment", "0 1:0 2:7 ");
    assertThat(block.rows()).isEqualTo(3);
    assertThat(block.column(0).numbers()).containsExactly(1, -1, 0);
    assertThat(block.rowPointers()).containsExactly(0, 2, 2, 3);
    assertThat(block.sparseColumns()).containsExactly(2, 4, 1);
    assertThat(block.sparseValues()).containsExactly(1f, -0.5f, 7f);
    assertThat(libsvm(0, 0, "1 0:2 1:3").sparseColumns()).containsExactly(0, 1);
    assertThat(libsvm(0, 1, "2:3 4:1").column(0).numbers())
        .as("no label")
        .containsExactly(Double.NaN);
  }

  @Test
  void fault_52_libsvm_is_strict() throws LineException {
    RawBlock bad = libsvm(5, 1, "1 0:1", "1 3:1 2:1", "1 2:1 2:1", "1 6:1", "1 a:1");
    assertThat(bad.rows()).isZero();
    assertThat(bad.firstBadRows())
        .extracting(BadRow::problem)
        .satisfiesExactly(
            p -> assertThat(p).contains("index 0 in a 1-based file"),
            p -> assertThat(p).contains("expected ascending indices, found 2 after 3"),
            p -> assertThat(p).contains("found 2 after 2"),
            p -> assertThat(p).contains("index 6 is beyond the declared 5 features"),
            p -> assertThat(p).contains("expected index:value, found \"a:1\""));
    RawBlock more = libsvm(0, 1, "1 2:x", "1 qid:3 1:1", "1 1", "1 1:inf", "1 99999999999:1");
    assertThat(more.firstBadRows())
        .extracting(BadRow::problem)
        .satisfiesExactly(
            p -> assertThat(p).contains("found \"2:x\""),
            p -> assertThat(p).contains("found \"qid:3\""),
            p -> assertThat(p).contains("found \"1\""),
            p -> assertThat(p).contains("expected a finite value"),
            p -> assertThat(p).contains("index 99999999999 is larger"));
    assertThat(libsvm(5, 1, "1 1:1", "1 9:1", "0 2:1").sparseColumns())
        .as("taken back")
        .containsExactly(0, 1);
  }
}
