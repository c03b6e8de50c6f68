package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Bidirectional layers over packed sequences against PyTorch 2.13.0, in double. Weights and inputs
 * are sines, so that both sides can make them. The script:
 *
 * <pre>
 *   import torch, math
 *   from torch.nn.utils.rnn import pack_padded_sequence as pack, pad_packed_sequence as pad
 *   torch.set_default_dtype(torch.float64)
 *   N,T,F,H=2,3,2,2
 *   def wave(n,k): return torch.tensor([math.sin(k+i+1.0) for i in range(n)])
 *   for name,cls,G in (("RNN",torch.nn.RNN,1),("LSTM",torch.nn.LSTM,4),("GRU",torch.nn.GRU,3)):
 *       m=cls(F,H,batch_first=True,bidirectional=True)
 *       x=wave(N*T*F,0).reshape(N,T,F).requires_grad_()
 *       k=100
 *       for d in ("","_reverse"):
 *           for p,shape in (("weight_ih_l0",(F,G*H)),("weight_hh_l0",(H,G*H))):
 *               # ours are [in, G H]: transposed
 *               getattr(m,p+d).data=wave(shape[0]*shape[1],k).reshape(shape).T.contiguous(); k+=100
 *           getattr(m,"bias_ih_l0"+d).data=wave(G*H,k); k+=100
 *           b=torch.zeros(G*H)
 *           if name=="GRU": b[2*H:]=wave(H,k); k+=100
 *           getattr(m,"bias_hh_l0"+d).data=b
 *       y,hc=m(pack(x,torch.tensor([3,2]),batch_first=True))
 *       y,_=pad(y,batch_first=True)
 *       y.square().sum().backward()
 *       print(name,"y",[round(v,12) for v in y.flatten().tolist()])
 *       h=hc[0] if name=="LSTM" else hc
 *       print("h",[round(v,12) for v in h.flatten().tolist()])
 *       if name=="LSTM": print("c",[round(v,12) for v in hc[1].flatten().tolist()])
 *       print("dx",[round(v,12) for v in x.grad.flatten().tolist()])
 *   print(torch.__version__)
 * </pre>
 */
final class RecurrenceGoldenTest {
  private static final int ROWS = 2;
  private static final int STEPS = 3;
  private static final int FEATURES = 2;
  private static final int UNITS = 2;

  private static final double[] RNN_Y = {
    0.369707712986, 0.735507112865, -0.278918231709, -0.505199365891, -0.293944983261,
        0.841574975552,
    -0.925862292152, -0.981489791838, -0.347548559621, -0.489260505446, -0.165183340754,
        -0.791269523708,
    0.340422007828, 0.623885027659, -0.035808239492, -0.366239922759, -0.149066602014,
        0.881293670179,
    -0.922622237218, -0.904525947946, 0.0, 0.0, 0.0, 0.0
  };

  private static final double[] RNN_H = {
    -0.347548559621,
    -0.489260505446,
    -0.149066602014,
    0.881293670179,
    -0.278918231709,
    -0.505199365891,
    -0.035808239492,
    -0.366239922759
  };

  private static final double[] RNN_DX = {
    1.20893620813, -0.639252229819, -0.069302685945, -0.94202057197, -0.813259509665,
        -0.862766815972,
    1.190199736394, -0.307360142423, 0.501056235815, -0.891940961743, 0.0, 0.0
  };

  private static final double[] LSTM_Y = {
    -0.270309712581, -0.366408397499, 0.065499872459, -0.052094115387, -0.060673760218,
        -0.30449346927,
    0.071191299708, 0.031268033231, -0.028571796411, -0.184679345948, 0.192793223107,
        0.059188568216,
    -0.255672931687, -0.288142413274, 0.045240525599, -0.110181214173, -0.085717525233,
        -0.360036188202,
    0.039041652888, 0.010450714313, 0.0, 0.0, 0.0, 0.0
  };

  private static final double[] LSTM_H = {
    -0.028571796411,
    -0.184679345948,
    -0.085717525233,
    -0.360036188202,
    0.065499872459,
    -0.052094115387,
    0.045240525599,
    -0.110181214173
  };

  private static final double[] LSTM_C = {
    -0.156297589393,
    -0.925725053463,
    -0.464994110276,
    -0.892765959556,
    0.302908381994,
    -0.137557162319,
    0.170895121784,
    -0.268688207925
  };

  private static final double[] LSTM_DX = {
    0.325881296075, -0.047544262076, 0.130415701564, 0.014576319543, 0.000210442812,
        -0.004922855677,
    0.316370880599, -0.046193444138, 0.176910290732, 0.018594085297, 0.0, 0.0
  };

  private static final double[] GRU_Y = {
    -0.093205264354, -0.405445837288, 0.781863942146, 0.431371238929, -0.038890395922,
        -0.339719129509,
    0.419207391229, 0.419359151093, 0.320224138792, -0.218592429977, 0.07301903521, 0.368213012446,
    -0.096927271742, -0.391447007558, 0.776434488446, 0.208706539003, -0.236894938188,
        -0.448296938694,
    0.427766377046, 0.166151831938, 0.0, 0.0, 0.0, 0.0
  };

  private static final double[] GRU_H = {
    0.320224138792,
    -0.218592429977,
    -0.236894938188,
    -0.448296938694,
    0.781863942146,
    0.431371238929,
    0.776434488446,
    0.208706539003
  };

  private static final double[] GRU_DX = {
    0.044438751104, 0.035194793528, 0.385977302964, 0.838966871816, -0.06047127099, 0.472364204468,
    0.020668936386, 0.00800937483, 0.493136979108, 0.750432517126, 0.0, 0.0
  };

  private final Graph g = new Graph();
  private final ReferenceExecutor run = new ReferenceExecutor(g);
  private int key = 100;

  private Node wave(String name, int from, int... dims) {
    Node node = g.input(name, DType.FLOAT32, Shape.of(dims));
    double[] values = new double[(int) node.shape().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.sin(from + i + 1.0);
    }
    run.bind(node, values);
    return node;
  }

  private Node next(String name, int... dims) {
    Node node = wave(name + key, key, dims);
    key += 100;
    return node;
  }

  /** PyTorch packs h (and c) as [directions, N, H]; y holds both directions side by side. */
  private void check(
      RecurrentCell cell, double[] y, double[] h, double[] c, double[] dx, double tolerance) {
    Node x = wave("x", 0, ROWS, STEPS, FEATURES);
    Node lengths = g.input("lengths", DType.INT32, Shape.of(ROWS));
    run.bind(lengths, new int[] {3, 2});
    List<Node> outputs = new ArrayList<>();
    List<Node> states = new ArrayList<>();
    for (int direction = 0; direction < 2; direction++) {
      int columns = cell.gates() * UNITS;
      Node weights = next("w", FEATURES, columns);
      Node recurrent = next("u", UNITS, columns);
      Node bias = next("b", columns);
      Node candidateBias = cell.hasCandidateBias() ? next("c", UNITS) : null;
      Node sums = g.add(g.matmul(g.reshape(x, Shape.of(ROWS * STEPS, FEATURES)), weights), bias);
      Node packed =
          Recurrences.outputsAndState(
              g,
              cell,
              g.reshape(sums, Shape.of(ROWS, STEPS, columns)),
              recurrent,
              g.constant(0, Shape.of(cell.states() * ROWS, UNITS)),
              candidateBias,
              lengths,
              direction == 1);
      outputs.add(Recurrences.outputsOf(g, packed));
      states.add(Recurrences.finalStateOf(g, packed));
    }
    Node both = g.concat(2, outputs);
    close(both, y, tolerance);
    for (int direction = 0; direction < 2; direction++) {
      double[] state = run.value(states.get(direction));
      for (int i = 0; i < ROWS * UNITS; i++) {
        assertThat(state[i]).isCloseTo(h[direction * ROWS * UNITS + i], within(tolerance));
        if (c.length > 0) {
          assertThat(state[ROWS * UNITS + i])
              .isCloseTo(c[direction * ROWS * UNITS + i], within(tolerance));
        }
      }
    }
    Node loss = g.reduceSum(g.mul(both, both));
    Node gradient = Gradients.reverse(g, loss, List.of(x)).get(x);
    assertThat(gradient).isNotNull();
    close(gradient, dx, tolerance);
  }

  private void close(Node node, double[] expected, double tolerance) {
    double[] found = run.value(node);
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).as("%s[%d]", node, i).isCloseTo(expected[i], within(tolerance));
    }
  }

  @Test
  @DisplayName("SEQ-02 vanilla RNN: PyTorch's outputs, states and gradients to 1e-10")
  void rnn() {
    check(RecurrentCell.TANH, RNN_Y, RNN_H, new double[0], RNN_DX, 1e-10);
  }

  @Test
  @DisplayName("SEQ-03 LSTM: PyTorch's outputs, states and gradients to 1e-10")
  void lstm() {
    check(RecurrentCell.LSTM, LSTM_Y, LSTM_H, LSTM_C, LSTM_DX, 1e-10);
  }

  @Test
  @DisplayName("SEQ-04 GRU: PyTorch's outputs, states and gradients to 1e-10")
  void gru() {
    check(RecurrentCell.GRU, GRU_Y, GRU_H, new double[0], GRU_DX, 1e-10);
  }
}
