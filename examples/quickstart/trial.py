"""
One trial: trains a small neural network to tell two intertwined spirals apart.

Everything is plain Python, so there is nothing to install. The three lines that make it a trial:

    params = nni.get_next_parameter()               what to try this time
    nni.report_intermediate_result(...)             how it goes, after each epoch
    nni.report_final_result(...)                    how good it got
"""

import math
import random

import nni

EPOCHS = 50


def make_spirals(count, rng):
    """Points (x, y, label): two arms of one and three quarters of a turn, with a little noise."""
    points = []
    for i in range(count):
        label = i % 2
        radius = math.sqrt(rng.random())
        angle = 2 * math.pi * 1.75 * radius + math.pi * label
        x = radius * math.cos(angle) + rng.gauss(0, 0.02)
        y = radius * math.sin(angle) + rng.gauss(0, 0.02)
        points.append((x, y, label))
    return points


def sigmoid(z):
    return 0.5 * (1 + math.tanh(z / 2))


# Each activation function, and its derivative in terms of the function's value.
ACTIVATIONS = {
    'tanh': (math.tanh, lambda a: 1 - a * a),
    'relu': (lambda z: max(0.0, z), lambda a: 1.0 if a > 0 else 0.0),
    'sigmoid': (sigmoid, lambda a: a * (1 - a)),
}


class Network:
    """Two inputs, one hidden layer, one output: the probability that a point belongs to the second spiral."""

    def __init__(self, hidden_units, activation, rng):
        self.activate, self.slope = ACTIVATIONS[activation]
        # A hidden unit has a weight for x, one for y, and a bias.
        self.hidden = [[rng.uniform(-9, 9) for _ in range(3)] for _ in range(hidden_units)]
        self.output = [rng.uniform(-1, 1) / math.sqrt(hidden_units) for _ in range(hidden_units)] + [0.0]
        self.hidden_velocity = [[0.0] * 3 for _ in range(hidden_units)]
        self.output_velocity = [0.0] * (hidden_units + 1)

    def forward(self, x, y):
        values = [self.activate(wx * x + wy * y + bias) for wx, wy, bias in self.hidden]
        score = self.output[-1] + sum(weight * value for weight, value in zip(self.output, values))
        return sigmoid(score), values

    def train_batch(self, batch, learning_rate, momentum):
        """One step of gradient descent with momentum on the cross-entropy of a batch."""
        hidden_gradient = [[0.0] * 3 for _ in self.hidden]
        output_gradient = [0.0] * len(self.output)
        for x, y, label in batch:
            probability, values = self.forward(x, y)
            error = probability - label
            output_gradient[-1] += error
            for i, value in enumerate(values):
                output_gradient[i] += error * value
                back = error * self.output[i] * self.slope(value)
                gradient = hidden_gradient[i]
                gradient[0] += back * x
                gradient[1] += back * y
                gradient[2] += back
        step = learning_rate / len(batch)
        descend(self.output, self.output_velocity, output_gradient, step, momentum)
        for weights, velocity, gradient in zip(self.hidden, self.hidden_velocity, hidden_gradient):
            descend(weights, velocity, gradient, step, momentum)

    def evaluate(self, points):
        """Accuracy and mean cross-entropy."""
        correct, loss = 0, 0.0
        for x, y, label in points:
            probability, _ = self.forward(x, y)
            correct += (probability > 0.5) == (label == 1)
            loss -= math.log(max(1e-9, probability if label == 1 else 1 - probability))
        return correct / len(points), loss / len(points)


def descend(weights, velocity, gradient, step, momentum):
    for i in range(len(weights)):
        velocity[i] = momentum * velocity[i] - step * gradient[i]
        weights[i] += velocity[i]


def main():
    params = nni.get_next_parameter()
    # A fixed seed: trials differ by their parameters and by nothing else.
    rng = random.Random(1)
    training, validation = make_spirals(800, rng), make_spirals(300, rng)
    network = Network(params['hidden_units'], params['activation'], rng)
    for epoch in range(EPOCHS):
        rng.shuffle(training)
        for start in range(0, len(training), params['batch_size']):
            batch = training[start : start + params['batch_size']]
            network.train_batch(batch, params['learning_rate'], params['momentum'])
        accuracy, loss = network.evaluate(validation)
        # A dict may carry as many numbers as you like; `default` is the one that counts.
        metrics = {'default': accuracy, 'loss': loss}
        nni.report_intermediate_result(metrics)
        print(f'epoch {epoch + 1}: accuracy {accuracy:.3f}, loss {loss:.3f}')
    nni.report_final_result(metrics)


if __name__ == '__main__':
    main()
