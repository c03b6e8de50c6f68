package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Visual transformers of tokens (B. Wu et al., "Visual Transformers: token-based image
 * representation and processing for computer vision", arXiv 2006.03677, 2020): pixels are gathered
 * in a few tokens, the tokens look at each other, and the pixels take back what they ask for.
 */
public final class TokenNets {
  private TokenNets() {}

  /**
   * Adds one module behind an image [N, H, W, C]: tokens (layer {@code <name>.tokens}), a
   * transformer block on them, and pixels plus attention to the tokens, again as an image {@code
   * name}. Differs from the paper: one matrix scores pixel against token, for its product of two.
   *
   * @param height of the image
   * @param width of the image
   * @param size features are those of a pixel, C; {@code blocks} blocks on each other
   * @param tokens 16 in the paper
   */
  public static Model.Builder module(
      Model.Builder b, String name, int height, int width, int tokens, Transformers.Size size) {
    if (tokens < 1) {
      throw new NetworkException("visual transformer: tokens must be 1 or more, got " + tokens);
    }
    String pixels = b.reshape(height * width, size.features()).as(name + ".pixels").here();
    b.layer("tokenizer", "tokens", tokens).as(name + ".tokens");
    for (int i = 1; i <= size.blocks(); i++) {
      b.layer("transformer_encoder", "heads", size.heads(), "hidden", size.hidden());
      b.with("dropout", size.dropout()).as(name + ".block" + i);
    }
    String mixed = b.here();
    b.layer("attention", "score", "general").from(pixels, mixed).as(name + ".asked");
    return b.add(pixels).reshape(height, width, size.features()).as(name);
  }

  /**
   * A classifier: two convolutions with batch norm, one module, a third convolution, a global mean
   * and the scores.
   *
   * @param size features are the convolutions' filters
   */
  public static NetworkSpec classifier(ImageTask task, int tokens, Transformers.Size size) {
    Model.Builder b = task.begin();
    Blocks.convNorm(b, "conv1", size.features(), 3, 1, RELU);
    Blocks.convNorm(b, "conv2", size.features(), 3, 1, RELU);
    module(b, "module", task.height(), task.width(), tokens, size);
    Blocks.convNorm(b, "conv3", size.features(), 3, 2, RELU).globalAveragePool();
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }
}
