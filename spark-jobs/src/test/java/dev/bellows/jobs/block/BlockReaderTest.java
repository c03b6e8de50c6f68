package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.source.Tokenizer;
import dev.bellows.jobs.table.CategoryColumn;
import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.NumberColumn;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.SparseInput;
import dev.bellows.jobs.table.TargetColumn;
import dev.bellows.jobs.table.TextColumn;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockReaderTest {
  private static final TargetColumn TWO = new TargetColumn("y", List.of("no", "yes"), 1, 0, 1);

  private static float[] floats(long address, int n) {
    float[] out = new float[n];
    Memory.copyOut(address, out, 0, n);
    return out;
  }

  private static int[] ints(long address, int n) {
    int[] out = new int[n];
    Memory.copyOut(address, out, 0, n);
    return out;
  }

  @Test
  void numbers_are_filled_scaled_and_flagged() {
    Preprocess p =
        new Preprocess(
            List.of("a", "b", "y"),
            List.of(
                new NumberColumn("a", 0, 10, 0.5, 14, false, true),
                new NumberColumn("b", 1000, 1001, 2, 1001, false, false)),
            List.of(),
            null,
            null,
            TWO);
    Block block = new Block(3, 2, 0, 0);
    System.arraycopy(new float[] {12, 0, Float.NaN, 3, 8, Float.NaN}, 0, block.numeric(), 0, 6);
    block.setLabels(new int[] {1, 0, -1});
    block.setWeights(new float[] {1, 2, 3});
    try (BatchBuffers out = new BatchBuffers(4, 3, 0, 0, 1)) {
      new BlockReader(p).fill(block, new int[] {2, 0, 1, 0}, 1, 3, out);
      assertThat(out.rows()).isEqualTo(3);
      // [a, b, flag of a]; b is stored as b - 1000
      assertThat(floats(out.numeric(), 9)).containsExactly(1, -2, 0, 2, 4, 1, 1, -2, 0);
      assertThat(ints(out.labels(), 3)).containsExactly(1, 0, 1);
      assertThat(floats(out.target(), 3)).containsExactly(1, 0, 1);
      assertThat(floats(out.weights(), 3)).containsExactly(1, 2, 1);
      new BlockReader(p).fill(block, null, 2, 1, out);
      assertThat(floats(out.numeric(), 3)).containsExactly(-1, 0, 0);
      assertThat(floats(out.weights(), 1)).as("unseen class").containsExactly(0);
      assertThat(ints(out.labels(), 1)).containsExactly(0);
    }
  }

  @Test
  void codes_go_through_the_fitted_table() {
    Preprocess p =
        new Preprocess(
            List.of("c", "y"),
            List.of(),
            List.of(
                new CategoryColumn(
                    "c", List.of("red", "seldom", "white"), List.of(1, 2, 0, 3), 4, 2, false)),
            null,
            null,
            TWO);
    Block block = new Block(5, 0, 0, 1);
    System.arraycopy(new int[] {0, 1, 2, 3, -1}, 0, block.codes(), 0, 5);
    block.setLabels(new int[5]);
    try (BatchBuffers out = new BatchBuffers(5, 0, 1, 0, 2)) {
      BlockReader reader = new BlockReader(p);
      reader.fill(block, null, 0, 5, out);
      assertThat(ints(out.codes(), 5)).containsExactly(1, 2, 0, 3, 0);
      assertThat(reader.unknownCategories()).isEqualTo(1);
      assertThat(floats(out.target(), 10))
          .as("one hot")
          .containsExactly(1, 0, 1, 0, 1, 0, 1, 0, 1, 0);
      assertThat(floats(out.weights(), 5)).containsOnly(1f);
    }
  }

  @Test
  void images_and_sparse_rows() {
    Preprocess images =
        new Preprocess(
            List.of("y"),
            List.of(),
            List.of(),
            new ImageInput(List.of(1, 3, 1), 128, 1 / 64.0),
            null,
            TWO);
    Block block = new Block(2, 0, 3, 0);
    System.arraycopy(
        new byte[] {0, (byte) 128, (byte) 192, 64, 0, (byte) 255}, 0, block.pixels(), 0, 6);
    block.setLabels(new int[2]);
    try (BatchBuffers out = new BatchBuffers(2, 3, 0, 0, 0)) {
      new BlockReader(images).fill(block, new int[] {1, 0}, 0, 2, out);
      assertThat(floats(out.numeric(), 6)).containsExactly(-1, -2, 127 / 64f, -2, 0, 1);
    }
    Preprocess sparse =
        new Preprocess(
            List.of("y"),
            List.of(),
            List.of(),
            null,
            new SparseInput(4, List.of(1.0, 2.0, 3.0, 4.0)),
            new TargetColumn("y", List.of(), 0, 10, 5));
    Block rows = new Block(3, 0, 0, 0);
    rows.setSparse(new int[] {0, 2, 2, 3}, new int[] {0, 3, 1}, new float[] {1, 2, 5});
    rows.setTarget(new float[] {10, 15, 0});
    try (BatchBuffers out = new BatchBuffers(3, 0, 0, 4, 1)) {
      new BlockReader(sparse).fill(rows, new int[] {2, 1, 0}, 0, 3, out);
      assertThat(ints(out.csrRowPointers(), 4)).containsExactly(0, 1, 1, 3);
      assertThat(ints(out.csrColumns(3), 3)).containsExactly(1, 0, 3);
      assertThat(floats(out.csrValues(3), 3)).containsExactly(10, 1, 8);
      assertThat(floats(out.target(), 3)).as("(y - offset) / scale").containsExactly(-2, 1, 0);
      assertThatThrownBy(() -> new BlockReader(images).fill(block, null, 0, 1, out))
          .hasMessageContaining("the data has 3 numeric columns, the batch buffers 0");
    }
  }

  @Test
  void images_numbers_categories_and_texts_stand_beside_each_other() {
    TextColumn text =
        new TextColumn(
            "note", Tokenizer.WHITESPACE, false, 3, List.of("<pad>", "<unk>", "good", "bad"));
    Preprocess p =
        new Preprocess(
            List.of("a", "k", "note", "y", "z"),
            List.of(new NumberColumn("a", 0, 10, 0.5, 14, false, true)),
            List.of(new CategoryColumn("k", List.of("u", "v"), List.of(0, 1, 2), 3, 2, false)),
            List.of(text),
            new ImageInput(List.of(1, 2, 1), 1, 2),
            null,
            List.of(
                new TargetColumn("tags", List.of("N", "V"), 1, 0, 1, 3, "note"),
                new TargetColumn("y", List.of(), 0, 10, 5),
                new TargetColumn("z", List.of(), 0, 0, 2)));
    assertThat(Preprocess.fromJson(p.toJson())).isEqualTo(p);
    Block block = new Block(2, 1, 2, 1, 4);
    System.arraycopy(new float[] {12, Float.NaN}, 0, block.numeric(), 0, 2);
    System.arraycopy(new byte[] {1, 2, 3, (byte) 255}, 0, block.pixels(), 0, 4);
    System.arraycopy(new int[] {2, -1}, 0, block.codes(), 0, 2);
    System.arraycopy(new int[] {2, 3, 0, 2, 1, 0, 0, 1}, 0, block.tokens(), 0, 8);
    block.setLabels(new int[] {0, 1, -1, -1, -1, -1}, 3);
    block.setTarget(new float[] {15, 4, 5, 2}, 2);
    try (BatchBuffers out = new BatchBuffers(4, 4, 5, 0, 2, 3)) {
      BlockReader reader = new BlockReader(p);
      reader.fill(block, new int[] {1, 0}, 0, 2, out);
      // [pixel, pixel, a, flag of a]
      assertThat(floats(out.numeric(), 8)).containsExactly(4, 508, 2, 1, 0, 2, 1, 0);
      // [k, tokens, length]
      assertThat(ints(out.codes(), 10)).containsExactly(0, 1, 0, 0, 1, 2, 2, 3, 0, 2);
      assertThat(ints(out.labels(), 6)).containsExactly(-1, -1, -1, 0, 1, -1);
      assertThat(floats(out.target(), 4)).containsExactly(-1, 1, 1, 2);
      assertThat(floats(out.weights(), 2)).as("a row without labels").containsExactly(0, 1);
      assertThat(reader.unknownCategories()).isEqualTo(1);
    }
  }

  @Test
  void texts_are_coded_cut_and_marked() {
    TextColumn text =
        new TextColumn(
            "t", Tokenizer.WHITESPACE, true, 4, List.of("<pad>", "<unk>", "<s>", "</s>", "a"));
    assertThat(text.new Codes().of("a b <pad>")).containsExactly(2, 4, 1, 1, 3);
    TextColumn plain =
        new TextColumn("t", Tokenizer.WHITESPACE, false, 4, List.of("<pad>", "<unk>", "a"));
    assertThat(plain.new Codes().of(" ")).containsExactly(TextColumn.UNKNOWN_CODE);
    assertThat(plain.part()).isEqualTo("t");
    assertThat(new TextColumn("7 days", Tokenizer.WHITESPACE, false, 4, List.of()).part())
        .isEqualTo("text_7_days");
  }
}
