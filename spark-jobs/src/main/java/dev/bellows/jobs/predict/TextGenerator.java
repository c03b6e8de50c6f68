package dev.bellows.jobs.predict;

import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.GreedyDecoder;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.evaluate.StoredModel;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TextColumn;
import java.util.ArrayList;
import java.util.List;

/** Draws texts from a language model of whole texts, whose start and end are marked. */
public final class TextGenerator {
  private TextGenerator() {}

  /**
   * Draws texts; each is a function of the model, the seed, the temperature and its number.
   *
   * @param count how many
   * @param temperature above 0: small keeps to what is most probable, 1 is as trained
   * @throws BellowsException exit 2 when the model writes no texts
   */
  public static List<String> texts(StoredModel model, int count, double temperature, long seed) {
    TextColumn text = text(model.preprocess());
    ScorePlan plan = ScorePlan.of(model, 0.5);
    int rows = plan.rowsAtOnce(); // always, so that a text has the same bits in any batch
    List<String> texts = new ArrayList<>(count);
    try (Predictor predictor = new Predictor(model.spec(), rows, plan.kernels())) {
      predictor.setParameters(model.parameters());
      BatchBuffers batch = predictor.batch();
      batch.setRows(rows);
      for (int row = 0; row < rows; row++) { // its length stands behind the tokens
        Memory.putInt(
            batch.codes() + 4L * ((long) row * batch.categoricals() + text.length()),
            text.length());
      }
      GreedyDecoder decoder = new GreedyDecoder(model.spec(), predictor, text.part());
      while (texts.size() < count) {
        int[][] drawn =
            decoder.sample(
                TextColumn.START_CODE, TextColumn.END_CODE, temperature, seed, texts.size());
        for (int row = 0; row < rows && texts.size() < count; row++) {
          texts.add(text.text(drawn[row]));
        }
      }
    }
    return texts;
  }

  private static TextColumn text(Preprocess preprocess) {
    boolean alone =
        preprocess.target().next()
            && preprocess.texts().size() == 1
            && preprocess.numericWidth() == 0
            && preprocess.categories().isEmpty()
            && preprocess.sparse() == null;
    if (!alone || !preprocess.texts().get(0).bounds()) {
      throw new BellowsException(
          ExitCode.USAGE,
          "expected a language model of whole texts alone (format: text without window), found a model of "
              + preprocess.sourceColumns()
              + " that learns "
              + preprocess.targetName());
    }
    return preprocess.texts().get(0);
  }
}
