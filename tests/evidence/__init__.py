"""The proof of the proof: each hole found once is opened again, and the rehearsal turns exactly its row red."""
