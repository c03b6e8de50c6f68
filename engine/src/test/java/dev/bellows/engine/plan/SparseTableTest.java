package dev.bellows.engine.plan;

import static dev.bellows.engine.plan.GraphNetworks.layer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.InputSpec.Categorical;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.nn.SparseTable;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Networks with sparse tables: the layout, and that a few rows give the gradients of all. */
class SparseTableTest {
  private static final LossSpec LOSS = LossSpec.of(LossKind.MSE);
  private static final InputSpec INPUT =
      new InputSpec(
          2,
          List.of(
              new Categorical("user", 50, 3, 20),
              new Categorical("day", 7, 2),
              new Categorical("film", 40, 3, 40)),
          0,
          List.of(InputPart.tokens("title", 4, 30, true)));

  private static final NetworkSpec SPEC =
      new NetworkSpec(
          INPUT,
          List.of(
              layer(
                  "embedding",
                  "dim",
                  2,
                  "sparse",
                  true,
                  "inputs",
                  List.of("title"),
                  "name",
                  "words"),
              layer("flatten", "name", "flat"),
              layer("dot", "inputs", List.of("user", "film"), "name", "match"),
              layer("concat", "inputs", List.of("features", "flat", "match")),
              layer("dense", "units", 1)),
          LOSS,
          1);

  @Test
  void sparseTablesStandBehindTheDenseSegments() {
    ParameterLayout layout = Network.layout(SPEC);
    assertThat(layout.segments().stream().map(Segment::name))
        .containsExactly(
            "embedding.day",
            "layer4.dense.weight",
            "layer4.dense.bias",
            "embedding.user",
            "embedding.film",
            "words.weight");
    assertThat(layout.dense().length()).isEqualTo(7 * 2 + (2 + 2 + 8 + 1) + 1);
    assertThat(SparseTable.of(SPEC))
        .containsExactly(
            new SparseTable("embedding.user", 50, 3, 0, 1, 20),
            new SparseTable("embedding.film", 40, 3, 2, 3, 40),
            new SparseTable("words.weight", 30, 2, 3, 7, 30));
    assertThat(NetworkSpec.fromJson(SPEC.toJson())).isEqualTo(SPEC);
  }

  @Test
  void aFewRowsGiveTheLossAndTheGradientsOfTheWholeTables() {
    List<SparseTable> tables = SparseTable.of(SPEC);
    NetworkSpec cut = SparseTable.cut(SPEC, tables, new int[] {3, 2, 5});
    int[][] codes = {
      {49, 3, 7, 9, 9, 0, 28, 4}, {5, 0, 7, 28, 11, 9, 2, 3}, {5, 6, 31, 0, 0, 0, 0, 1}
    };
    int[][] keys = {{5, 49, 12}, {7, 31}, {9, 0, 28, 11, 2}};
    try (SliceTrainer whole = trainer(SPEC);
        SliceTrainer few = trainer(cut)) {
      float[] all = Initializers.init(whole.layout(), 3);
      float[] some = Arrays.copyOf(all, few.layout().length());
      for (int t = 0; t < tables.size(); t++) {
        int width = tables.get(t).width();
        for (int k = 0; k < keys[t].length; k++) {
          System.arraycopy(
              all,
              offset(whole, tables.get(t)) + keys[t][k] * width,
              some,
              offset(few, tables.get(t)) + k * width,
              width);
        }
      }
      float[] expected = run(whole, all, codes);
      float[] found = run(few, some, numbered(tables, keys, codes));
      int dense = whole.layout().dense().length();
      assertThat(Arrays.copyOf(found, dense)).isEqualTo(Arrays.copyOf(expected, dense));
      assertThat(few.scalars()).isEqualTo(whole.scalars());
      double touched = 0;
      for (int t = 0; t < tables.size(); t++) {
        int width = tables.get(t).width();
        for (int k = 0; k < keys[t].length; k++) {
          for (int i = 0; i < width; i++) {
            float one = found[offset(few, tables.get(t)) + k * width + i];
            assertThat(one)
                .isEqualTo(expected[offset(whole, tables.get(t)) + keys[t][k] * width + i]);
            touched += Math.abs(one);
          }
        }
      }
      double everywhere = 0;
      for (int i = dense; i < expected.length; i++) {
        everywhere += Math.abs(expected[i]);
      }
      assertThat(touched).isPositive().isCloseTo(everywhere, within(1e-6));
    }
  }

  private static SliceTrainer trainer(NetworkSpec spec) {
    return new SliceTrainer(spec, 3, KernelProvider.choose(KernelProvider.Preference.AUTO), 1);
  }

  private static int offset(SliceTrainer trainer, SparseTable table) {
    return trainer.layout().segment(table.segment()).offset();
  }

  private static int[][] numbered(List<SparseTable> tables, int[][] keys, int[][] codes) {
    int[][] numbered = new int[codes.length][];
    for (int r = 0; r < codes.length; r++) {
      numbered[r] = codes[r].clone();
      for (int t = 0; t < tables.size(); t++) {
        for (int c = tables.get(t).codeFrom(); c < tables.get(t).codeTo(); c++) {
          int code = codes[r][c];
          numbered[r][c] = 0;
          for (int k = 0; k < keys[t].length; k++) {
            numbered[r][c] = keys[t][k] == code ? k : numbered[r][c];
          }
        }
      }
    }
    return numbered;
  }

  private static float[] run(SliceTrainer trainer, float[] parameters, int[][] codes) {
    BatchBuffers batch = trainer.batch();
    batch.setRows(codes.length);
    for (int r = 0; r < codes.length; r++) {
      Memory.copyIn(codes[r], 0, batch.codes() + 4L * r * codes[r].length, codes[r].length);
      Memory.copyIn(new float[] {r, 1 - r}, 0, batch.numeric() + 8L * r, 2);
      Memory.putFloat(batch.target() + 4L * r, 2 - r);
    }
    trainer.setParameters(parameters);
    trainer.run(0, 0);
    float[] gradient = new float[trainer.layout().length()];
    trainer.gradient(gradient);
    return gradient;
  }

  @Test
  void whatReadsASparseTableBesideItsLayerIsRefused() {
    LayerSpec sparse = layer("embedding", "dim", 2, "sparse", true, "name", "words");
    InputSpec text = InputSpec.tokens("title", 4, 30);
    refused(text, "is sparse", sparse, layer("dense", "units", 30, "weights_of", "words"));
    refused(
        text,
        "sparse rows are trained",
        layer("embedding", "dim", 2, "sparse", true, "trainable", false));
    refused(text, "max_rows bounds sparse rows", layer("embedding", "dim", 2, "max_rows", 3));
    NetworkSpec twice =
        new NetworkSpec(
            text,
            List.of(
                sparse,
                layer("embedding", "dim", 2, "inputs", List.of("title"), "name", "again"),
                layer("add", "inputs", List.of("words", "again")),
                layer("flatten"),
                layer("dense", "units", 1)),
            LOSS,
            1);
    assertThatThrownBy(() -> SparseTable.of(twice))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("one reader");
  }

  private static void refused(InputSpec input, String message, LayerSpec... layers) {
    assertThatThrownBy(() -> new NetworkSpec(input, List.of(layers), LOSS, 1))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining(message);
  }
}
