package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.Bleu;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.GreedyDecoder;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.table.TextColumn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the text of a translation from the other texts of a row, each time the most probable
 * token. The predictor's batch loses the text that it held.
 */
public final class TextWriter {
  private final TextColumn text;
  private final GreedyDecoder decoder;

  /**
   * @param text what is written, see {@link OutputPlan#written}
   * @param predictor of the network
   */
  public TextWriter(NetworkSpec spec, Predictor predictor, TextColumn text) {
    this.text = text;
    this.decoder = new GreedyDecoder(spec, predictor, text.part());
  }

  /** Codes [rows, T] of the predictor's batch; after its end each row repeats the end mark. */
  public int[][] codes() {
    return decoder.decode(TextColumn.START_CODE, TextColumn.END_CODE);
  }

  /** The texts of the predictor's batch. */
  public List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (int[] codes : codes()) {
      texts.add(text.text(codes));
    }
    return texts;
  }

  /**
   * Writes the rows of the batch and compares them with the labels of the block. A token that is
   * not in the vocabulary is right nowhere.
   *
   * @param rows which rows of the block; null for all
   * @param from first of these
   */
  void judge(OutputPlan output, Block block, int @Nullable [] rows, int from, Bleu bleu) {
    int[][] written = codes();
    for (int i = 0; i < written.length; i++) {
      List<Integer> reference = new ArrayList<>();
      int in = rows == null ? from + i : rows[from + i];
      int base = in * block.labelWidth() + output.from();
      for (int p = 0; p < output.positions(); p++) {
        int code = block.labels()[base + p];
        if (code < 0 || code == TextColumn.END_CODE) {
          break;
        }
        reference.add(code);
      }
      List<Integer> translation = new ArrayList<>();
      for (int code : written[i]) {
        if (code == TextColumn.END_CODE) {
          break;
        }
        translation.add(code == TextColumn.UNKNOWN_CODE ? -1 : code);
      }
      bleu.add(translation, reference);
    }
  }
}
