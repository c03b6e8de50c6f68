package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Recurrences;
import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.graph.Reductions;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layers over sequences [N, T, features]. Further inputs, in any order: the steps of each row, int
 * [N], beyond which outputs are zero and states stay; the state to start from, [N, units] (of an
 * LSTM [N, 2 units]: h, then c) or what {@code return_state} gives, else zero.
 */
final class RecurrentLayers {
  /** Vanilla RNN. */
  static final LayerType RNN =
      recurrent("rnn", "Recurrent layer h' = f(x W + h U + b).")
          .option(Option.word("activation", "f.", "tanh", "relu").or("tanh"))
          .body(c -> stack(c, c.word("activation", RecurrentCell.class)));

  /** Long short-term memory. */
  static final LayerType LSTM =
      recurrent("lstm", "Long short-term memory (Gers et al., 2000).")
          .option(
              Option.flag(
                  "forget_bias",
                  true,
                  "Start the forget gates' bias at 1 (Jozefowicz et al., 2015)."))
          .body(c -> stack(c, RecurrentCell.LSTM));

  /** Gated recurrent unit. */
  static final LayerType GRU =
      recurrent("gru", "Gated recurrent unit (Cho et al., 2014).")
          .option(
              Option.flag(
                  "reset_after",
                  true,
                  "Reset after the recurrent product, as cuDNN and PyTorch do."))
          .body(
              c ->
                  stack(
                      c,
                      c.flag("reset_after") ? RecurrentCell.GRU : RecurrentCell.GRU_RESET_BEFORE));

  /** A sequence to one vector. */
  static final LayerType TIME_POOL =
      LayerType.named("time_pool", "Pools [N, T, features] over its steps to [N, features].")
          .option(Option.word("kind", "How.", "mean", "max", "sum", "last").or("mean"))
          .inputs(2)
          .body(RecurrentLayers::pool);

  static final List<LayerType> ALL = List.of(RNN, LSTM, GRU, TIME_POOL);

  private RecurrentLayers() {}

  private static LayerType.Definition recurrent(String id, String doc) {
    return LayerType.named(id, doc)
        .option(Option.count("units", "Units of each layer and direction."))
        .option(Option.count("layers", "Layers on each other.").or(1))
        .option(Option.flag("bidirectional", false, "A second set of units runs backwards."))
        .option(Option.flag("go_backwards", false, "Run from each row's last step to its first."))
        .option(
            Option.flag(
                "return_sequences",
                true,
                "Outputs of all steps [N, T, units]; else the last state."))
        .option(
            Option.flag(
                "return_state",
                false,
                "The state after each row's last step (h, then an LSTM's c) behind the outputs [N,"
                    + " T + states, units], or alone [N, states units] without return_sequences."))
        .option(Option.share("dropout", "Dropout between layers.").or(0))
        .option(CommonOptions.initializer())
        .inputs(3);
  }

  private static Node stack(LayerContext c, RecurrentCell cell) {
    Node x = c.input(3, "sequences [N, T, features]");
    Node lengths = second(c, DType.INT32);
    Node start = second(c, DType.FLOAT32);
    int layers = c.whole("layers");
    if (layers > 1 && (start != null || c.flag("return_state"))) {
      throw c.wrong("a state from or to outside needs layers: 1; put layers on each other instead");
    }
    if (start != null && c.flag("bidirectional")) {
      throw c.wrong("an initial state needs one direction: leave bidirectional out");
    }
    if (c.flag("bidirectional") && c.flag("go_backwards")) {
      throw c.wrong("bidirectional runs both ways already: leave go_backwards out");
    }
    for (int layer = 0; layer < layers; layer++) {
      boolean sequences = layer < layers - 1 || c.flag("return_sequences");
      List<Node> directions = new ArrayList<>();
      boolean back = c.flag("go_backwards");
      directions.add(run(c, cell, x, lengths, start, "_l" + layer, back, sequences));
      if (c.flag("bidirectional")) {
        String suffix = "_l" + layer + "_reverse";
        directions.add(run(c, cell, x, lengths, null, suffix, true, sequences));
      }
      x = c.graph().concat(directions.get(0).shape().rank() - 1, directions);
      if (layer < layers - 1) {
        x = c.dropout(x, c.number("dropout"));
      }
    }
    return x;
  }

  private static @Nullable Node lengths(LayerContext c) {
    Node lengths = c.input(1);
    return lengths == null ? null : c.ranked(lengths, 1, "lengths [N]");
  }

  /** The input behind the first that has the type: INT32 the lengths, FLOAT32 the initial state. */
  private static @Nullable Node second(LayerContext c, DType type) {
    Node found = null;
    for (Node input : c.inputs().subList(1, c.inputs().size())) {
      if (input.dtype() == type) {
        if (found != null) {
          throw c.wrong("takes one input of lengths and one initial state, found two of a kind");
        }
        found = input;
      }
    }
    return found == null || type != DType.INT32 ? found : c.ranked(found, 1, "lengths [N]");
  }

  /** The initial state [S N, units] that the ops want, of [N, S units]. */
  private static Node start(LayerContext c, RecurrentCell cell, int rows, @Nullable Node given) {
    Graph g = c.graph();
    int units = c.whole("units");
    if (given == null) {
      return g.constant(0, Shape.of(cell.states() * rows, units));
    }
    if (given.shape().size() != (long) rows * cell.states() * units) {
      throw c.wrong(
          "the initial state must be [N, "
              + cell.states() * units
              + "], found "
              + LayerContext.text(given.shape()));
    }
    Node flat = g.reshape(given, Shape.of(rows, cell.states() * units));
    return cell.states() == 1
        ? flat
        : g.concat(0, List.of(g.slice(flat, 1, 0, units), g.slice(flat, 1, units, 2 * units)));
  }

  /** The final state [N, S units] of what {@link Recurrences#finalStateOf} gives. */
  private static Node end(Graph g, RecurrentCell cell, Node state, int rows) {
    return cell.states() == 1
        ? state
        : g.concat(1, List.of(g.slice(state, 0, 0, rows), g.slice(state, 0, rows, 2 * rows)));
  }

  private static Node run(
      LayerContext c,
      RecurrentCell cell,
      Node x,
      @Nullable Node lengths,
      @Nullable Node given,
      String suffix,
      boolean reverse,
      boolean sequences) {
    Graph g = c.graph();
    int rows = x.shape().dim(0);
    int steps = x.shape().dim(1);
    int features = x.shape().dim(2);
    int units = c.whole("units");
    int columns = cell.gates() * units;
    Node weight =
        c.parameter(
            "weight" + suffix, Shape.of(features, columns), c.initializer(), true, features, units);
    Node recurrent =
        c.parameter(
            "recurrent" + suffix,
            Shape.of(units, columns),
            Initializer.ORTHOGONAL,
            true,
            units,
            units);
    boolean forget = cell == RecurrentCell.LSTM && c.flag("forget_bias");
    Node bias =
        c.parameter(
            "bias" + suffix,
            Shape.of(columns),
            forget ? Initializer.FORGET_GATE : Initializer.ZERO,
            false,
            features,
            units);
    Node candidateBias =
        cell.hasCandidateBias()
            ? c.parameter(
                "candidate_bias" + suffix, Shape.of(units), Initializer.ZERO, false, units, units)
            : null;
    Node products =
        c.graph("input" + suffix)
            .add(g.matmul(g.reshape(x, Shape.of(rows * steps, features)), weight), bias);
    Node gates = g.reshape(products, Shape.of(rows, steps, columns));
    Node state = start(c, cell, rows, given);
    if (sequences && !c.flag("return_state")) {
      return Recurrences.outputs(
          c.graph("outputs" + suffix),
          cell,
          gates,
          recurrent,
          state,
          candidateBias,
          lengths,
          reverse);
    }
    Node packed =
        Recurrences.outputsAndState(
            c.graph("outputs" + suffix),
            cell,
            gates,
            recurrent,
            state,
            candidateBias,
            lengths,
            reverse);
    Node last = Recurrences.finalStateOf(g, packed);
    if (!c.flag("return_state")) {
      return g.slice(last, 0, 0, rows);
    }
    Node whole = end(g, cell, last, rows);
    return sequences
        ? g.concat(
            1,
            List.of(
                Recurrences.outputsOf(g, packed),
                g.reshape(whole, Shape.of(rows, cell.states(), units))))
        : whole;
  }

  private static Node pool(LayerContext c) {
    Node x = c.input(3, "sequences [N, T, features]");
    Node lengths = lengths(c);
    Graph g = c.graph();
    int rows = x.shape().dim(0);
    int steps = x.shape().dim(1);
    Shape result = Shape.of(rows, x.shape().dim(2));
    String kind = c.word("kind");
    if (lengths == null) {
      return switch (kind) {
        case "mean" -> g.reduceMean(x, 1);
        case "sum" -> g.reduceSum(x, 1);
        case "max" -> Reductions.max(g, x, false, 1);
        default -> g.reshape(g.slice(x, 1, steps - 1, steps), result);
      };
    }
    Node mask = g.reshape(Indexings.sequenceMask(g, lengths, steps), Shape.of(rows, steps, 1));
    Node one = g.constant(1, Shape.SCALAR);
    Node present = g.mul(x, mask);
    Node counts = g.max(g.reduceSum(mask, 1), one);
    return switch (kind) {
      case "mean" -> g.div(g.reduceSum(present, 1), counts);
      case "sum" -> g.reduceSum(present, 1);
      case "max" -> {
        // Absent steps far below all values; a row without steps gives 0 like the other kinds.
        Node low = g.mul(g.sub(mask, one), 1e30);
        Node any = g.reshape(g.slice(mask, 1, 0, 1), Shape.of(rows, 1));
        yield g.mul(Reductions.max(g, g.add(present, low), false, 1), any);
      }
      default -> {
        Node last = g.slice(Indexings.oneHot(g, lengths, steps + 1), 1, 1, steps + 1);
        yield g.reduceSum(g.mul(x, g.reshape(last, Shape.of(rows, steps, 1))), 1);
      }
    };
  }
}
