package dev.bellows.jobs.study;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import dev.bellows.jobs.config.RunConfig;
import java.io.Serializable;
import java.util.List;

/**
 * The smallest piece of a study: one configuration on one split. A unit is a function of the rows,
 * its configuration and its split, wherever and whenever it runs.
 *
 * @param id place among the units of the study
 * @param trial number of the configuration
 * @param split number of the split
 * @param prefix which fit of the split it reads rows with: configurations that prepare rows alike
 *     share one
 * @param config what is trained
 * @param metrics what is measured beside the loss
 * @param predictions whether what it says of each validation row is wanted
 */
@DefaultSerializer(JavaSerializer.class) // whatever registrator the session has
public record Unit(
    int id,
    int trial,
    int split,
    int prefix,
    RunConfig config,
    List<String> metrics,
    boolean predictions)
    implements Serializable {
  @Override
  public String toString() {
    return "trial " + trial + ", split " + split;
  }
}
