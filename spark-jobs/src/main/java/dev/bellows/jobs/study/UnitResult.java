package dev.bellows.jobs.study;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What became of a unit.
 *
 * @param id the unit
 * @param state how it ended
 * @param error what went wrong; empty when nothing did
 * @param figures loss and metrics on the validation rows; empty when it failed
 * @param predictions [rows, width] what it says of each validation row, in rank order; empty when
 *     nobody asked
 * @param width values of a row in {@code predictions}
 * @param trainRows rows trained on
 * @param validationRows rows measured on
 * @param epochs epochs taken
 * @param bestEpoch epoch whose weights were measured
 * @param trainLoss mean training loss of the last epoch
 * @param fitMillis time for training
 * @param scoreMillis time for measuring
 */
@DefaultSerializer(JavaSerializer.class) // whatever registrator the session has
@SuppressWarnings("ArrayRecordComponent")
public record UnitResult(
    int id,
    State state,
    String error,
    Map<String, Double> figures,
    float[] predictions,
    int width,
    int trainRows,
    int validationRows,
    int epochs,
    int bestEpoch,
    double trainLoss,
    long fitMillis,
    long scoreMillis)
    implements Serializable {

  /** How a unit ended. */
  public enum State {
    /** It has figures. */
    COMPLETE,
    /** The loss ran away. */
    DIVERGED,
    /** It asked for more memory than there is. */
    MEMORY,
    /** It took longer than it may. */
    TIMEOUT,
    /** It threw something else. */
    ERROR
  }

  /** Copies the figures: serialisable, in their order. */
  public UnitResult {
    figures = new LinkedHashMap<>(figures);
  }

  /** A unit that gave nothing. */
  static UnitResult failed(Unit unit, State state, String error, long millis) {
    return new UnitResult(
        unit.id(), state, error, Map.of(), new float[0], 0, 0, 0, 0, 0, Double.NaN, millis, 0);
  }

  /** Whether there are figures. */
  public boolean complete() {
    return state == State.COMPLETE;
  }
}
