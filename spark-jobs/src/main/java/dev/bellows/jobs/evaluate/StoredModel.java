package dev.bellows.jobs.evaluate;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.ModelFolder;
import dev.bellows.engine.model.NioFiles;
import dev.bellows.engine.model.WeightSegment;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.table.Preprocess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model folder, opened and checked whole: files, network, tensors against the network,
 * preprocessing.
 *
 * @param folder the files
 * @param spec the network
 * @param preprocess as fitted on the training rows
 * @param parameters flat vector in the layout of the network
 */
@SuppressWarnings("ArrayRecordComponent") // the flat vector itself, never compared
public record StoredModel(
    ModelFolder folder, NetworkSpec spec, Preprocess preprocess, float[] parameters) {

  /** As {@link #open(FolderFiles)} on the local disk. */
  public static StoredModel open(Path dir) {
    return open(new NioFiles(dir));
  }

  /**
   * Opens a model.
   *
   * @throws BellowsException exit 8, naming file and place, when anything in it can't be used
   */
  public static StoredModel open(FolderFiles dir) {
    try {
      ModelFolder folder = ModelFolder.open(dir);
      NetworkSpec spec = NetworkSpec.fromJson(notNull(folder.network()));
      ParameterLayout layout = Network.layout(spec);
      List<WeightSegment> segments = new ArrayList<>();
      for (Segment s : layout.segments()) {
        segments.add(new WeightSegment(s.name(), s.shape().dims(), s.offset(), s.length()));
      }
      return new StoredModel(
          folder, spec, Preprocess.fromJson(folder.preprocess()), folder.flat(segments));
    } catch (IOException e) {
      throw new BellowsException(ExitCode.MODEL, "model: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new BellowsException(ExitCode.MODEL, "model " + dir + ": " + e.getMessage(), e);
    }
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // the network's own reader checks each value
  private static java.util.Map<String, Object> notNull(
      java.util.Map<String, @org.jspecify.annotations.Nullable Object> tree) {
    return (java.util.Map<String, Object>) (java.util.Map<String, ?>) tree;
  }
}
